"""nginx, tested and reloaded."""

import re
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from aiohttp_fleet.common import processes
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.tcp_ports import needs_root
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.common.write_files import temporary_sibling
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.close_idle_clients import close_idle_clients
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.nginx.proxies_only import proxies_only
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.nginx.user import keeping
from aiohttp_fleet.nginx.worker_count import install_worker_count
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

TEST = 10.0
"""Seconds for ``nginx -t``."""
RELOAD = 10.0
"""Seconds until the new nginx workers are there."""
_STAMP = re.compile(r"^(nginx: |\d\S+ \S+ )(\[\w+\] )(\d+#\d+: )?")
"""What stands before nginx's words on stderr, from itself or from its log."""


def check_config(conf: Path, text: str) -> None:
    """Let nginx judge a text that is to become ``conf`` (https://nginx.org/en/docs/switches.html, -t).

    What depends on the machine is worked out for it first. It would try to bind its ports: where only root may, and we
    are not, that is left to root.

    Raises:
        FleetError: it refuses it, with its own words.
    """
    install_worker_count(conf, text)
    where = listen_address(text)
    if where and needs_root(where[1]):
        return
    with temporary_sibling(conf, text) as name:
        user = keeping(conf, text)
        options = ["-p", f"{conf.parent}/", "-c", str(name), *(["-g", user] if user else [])]
        command = [str(running_nginx(conf).path), "-t", "-q", "-e", "stderr", *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TEST, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FleetError(str(conf), f"nginx cannot test it ({error})", "see fleet status") from None
    if done.returncode != 0:
        raise refusal(conf, done.stderr.replace(str(name), str(conf)))


def refusal(conf: Path, stderr: str) -> FleetError:
    """Return the error for a file that nginx refuses.

    Args:
        conf: the file.
        stderr: nginx's own words.
    """
    words = _STAMP.sub("", stderr.strip(), 1).splitlines()
    return FleetError(str(conf), f"nginx refuses it ({words[0] if words else 'no reason given'})", "mend it first")


def reload_nginx(supervisord: Supervisord, namespec: str, conf: Path) -> None:
    """Make nginx take up ``conf``, and wait until its new workers are there and the old ones accept nobody any more.

    No request is lost in it, see `close_idle_clients`.

    Args:
        supervisord: through whom nginx gets its HUP.
        namespec: nginx.
        conf: the file it was started with.

    Raises:
        FleetError: nginx does not run, or has no new workers after some seconds.
    """
    master = running_master(conf)
    if master is None:
        raise FleetError(namespec, "nginx does not run", f"supervisorctl start {namespec}")
    is_older = any((conf.parent / "run").glob("before-*.conf"))
    replace_workers(namespec, master, lambda: supervisord.signal(namespec, "HUP"), conf, is_older)


def replace_workers(name: str, master: int, hup: Callable[[], object], conf: Path, is_older: bool) -> None:
    """Have a master replace its workers, and wait until it has.

    Args:
        name: what nginx is called in an error.
        master: its pid.
        hup: sends it its HUP.
        conf: nginx.conf.
        is_older: whether it would cut the connections that clients keep, see `close_idle_clients`.

    Raises:
        FleetError: it has no new workers after some seconds.
    """
    text = read_text(conf)
    # while connections are closed no location counts, and so neither would a password that one of them asks for
    with (
        close_idle_clients(conf, TlsFiles(conf.parent).ports(text))
        if is_older and proxies_only(text)
        else nullcontext()
    ):
        before = processes.children(master)
        hup()
        if not wait_until(lambda: processes.children(master) - before and not any(map(_accepts, before)), RELOAD):
            step = "see its error log" if name == "nginx" else f"see supervisorctl tail {name}"
            raise FleetError(name, f"nginx has no new workers {RELOAD:g} s after its reload", step)


def _accepts(pid: int) -> bool:
    """Whether an nginx worker still accepts connections: its title says when it does not."""
    title = processes.title(pid)
    return title.startswith(b"nginx: worker process") and b"shutting down" not in title
