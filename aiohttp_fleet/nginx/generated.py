"""``run/main.conf`` and ``run/server.conf``: nginx configuration that depends on the machine and nginx's version.

nginx has no conditions, and refuses a file with a directive that it does not know. The launcher writes both files
before it starts nginx, each reload before it signals nginx; ``kit/main.conf`` and ``kit/server.conf`` include them.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp_fleet.common.limits import cores, file_limit
from aiohttp_fleet.common.read_files import differing, read_existing, read_text
from aiohttp_fleet.common.templates import filled, template
from aiohttp_fleet.common.write_files import put_file
from aiohttp_fleet.config.fleet import SITE
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.directives import directive, proxied_to
from aiohttp_fleet.nginx.tls_files import TlsFiles

CORES = 3
"""Cores for each nginx worker, which costs a third to a half of what the application costs for a small answer."""
LEAST = 2
"""Nginx workers, if there are as many cores."""
CLIENTS = 10_000
"""Clients at a time that nginx shall have room for."""
FILES = 22_000
"""Open files that they need: two each, below 15/16 of worker_connections."""

MIN_TIMEOUT = (1, 27, 4)
"""Version: https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_min_timeout."""
HTTP2 = (1, 25, 1)
"""Version: https://nginx.org/en/docs/http/ngx_http_v2_module.html#http2; earlier it is a parameter of listen."""

_HEAD = "# Written by aiohttp-fleet at each start and reload of nginx, for nginx {version}: do not edit.\n"


def generated_texts(conf: Path, text: str, version: str, master: int = 0) -> Mapping[Path, str]:
    """Return the text of each file.

    Args:
        conf: nginx.conf or site.conf.
        text: its text, which need not be written yet.
        version: of nginx, such as ``1.22.1``.
        master: pid of the nginx that reads them; 0 for this process, which becomes it.
    """
    run = conf.parent / "run"
    server = {run / "server.conf": _HEAD.format(version=version) + _server(conf, text, version)}
    return server if conf.name == SITE else {run / "main.conf": _main(text, master), **server}


def write_generated(conf: Path, version: str, master: int = 0) -> None:
    """Write the files; the arguments are those of `generated_texts`.

    Raises:
        FleetError: ``run/`` is missing or not writable.
    """
    for path, text in differing(generated_texts(conf, read_text(conf), version, master)).items():
        put_file(path, text)


def refresh_generated(conf: Path) -> None:
    """Write the files for the nginx that runs, or would be started.

    Raises:
        FleetError: ``run/`` is missing or not writable.
    """
    write_generated(conf, running_nginx(conf).version(), running_master(conf) or 0)


def closes_by_answer(conf: Path) -> bool:
    """Whether the nginx that runs ends connections with an answer while ``run/closing`` exists."""
    return "@fleet_closing" in (read_existing(conf.parent / "run" / "server.conf") or "")


def _main(text: str, master: int) -> str:
    if directive("worker_processes", text):
        return ""
    number, reason = worker_count(cores(master), file_limit(master))
    return f"worker_processes {number}; # {reason}\n"


def worker_count(cores: int, files: int) -> tuple[int, str]:
    """Return how many nginx workers there should be, and why.

    Args:
        cores: of the machine.
        files: limit of open files of each of them.
    """
    by_cores, by_files = max(min(LEAST, cores), -(-cores // CORES)), -(-FILES // files)
    if by_cores >= min(by_files, cores):
        return by_cores, f"for {cores} cores"
    return min(by_files, cores), f"{CLIENTS} clients need more than {files} open files"


def _server(conf: Path, text: str, version: str) -> str:
    numbers = tuple(map(int, re.findall(r"\d+", version)))
    listen = read_existing(TlsFiles(conf.parent).listen_conf) or ""
    if numbers < HTTP2:
        listen = listen.replace(" ssl ", " ssl http2 ")
    elif listen:
        listen += "http2 on;\n"
    if numbers >= MIN_TIMEOUT:
        return listen + template("generated/keep-used.conf")
    if workers := proxied_to(text):
        values = {"MARK": str(conf.parent / "run" / "closing"), "WORKERS": workers}
        return listen + filled("generated/close-idle.conf", values)
    return listen
