"""Let nginx test a configuration that is not written yet, in a copy of ``deploy/``: nothing that is live changes."""

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text, to_bytes
from aiohttp_fleet.common.tcp_ports import needs_root
from aiohttp_fleet.common.templates import template
from aiohttp_fleet.config.fleet import SITE
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import Binary, running_nginx
from aiohttp_fleet.nginx.directives import directive, listen_address
from aiohttp_fleet.nginx.generated import generated_texts

TEST = 10.0
"""Seconds for ``nginx -t``."""
_STAMP = re.compile(r"^(nginx: |\d\S+ \S+ )(\[\w+\] )(\d+#\d+: )?")
"""Prefix of a line of nginx, on stderr or from its log."""


def check_config(conf: Path, text: str, others: Mapping[Path, str] | None = None) -> None:
    """Let nginx test a text that is to become ``conf`` (https://nginx.org/en/docs/switches.html, -t).

    nginx binds its ports in the test. Without the permission to do that nothing is tested.

    Args:
        conf: nginx.conf or site.conf.
        text: its new text.
        others: new texts of further files in its directory.

    Raises:
        FleetError: nginx refuses it; the reason is nginx's own.
    """
    where = listen_address(text)
    if not (where and needs_root(where[1])):
        run_nginx(conf, text, others or {}, "-t")


def run_nginx(conf: Path, text: str, others: Mapping[Path, str], switch: str) -> str:
    """Run nginx with a switch such as ``-t``, and return what it prints; the arguments are those of `check_config`.

    Raises:
        FleetError: nginx refuses the file.
    """
    conf = conf.resolve()
    binary = running_nginx(conf)
    generated = generated_texts(conf, text, binary.version(), running_master(conf) or 0)
    # as root, nginx's default user need not exist
    user = ["-g", "user root root;"] if os.geteuid() == 0 and directive("user", text) is None else []
    with _copy(conf, {**others, **generated, conf: text}) as (directory, name):
        options = ["-q", "-e", "stderr", "-p", f"{directory}/", "-c", str(directory / name), *user]
        return printed_by(binary, conf, switch, *options, copy=directory)


@contextmanager
def _copy(conf: Path, texts: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    """Make a temporary copy of the directory of ``conf`` with these texts; yield it and the file to start with.

    Other files are links to the real ones, those next to the directory as well, so that relative paths mean the same.
    """
    deploy = conf.parent
    with tempfile.TemporaryDirectory(prefix="fleet.") as name:
        copy = Path(name) / deploy.name
        (copy / "run").mkdir(parents=True)
        kit = {path: read_text(path) for path in deploy.glob("kit/*.conf")}
        for path, text in {**kit, **texts}.items():
            place = copy / path.relative_to(deploy)
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(to_bytes(text.replace(f"{deploy}/", f"{copy}/")))
        with contextlib.suppress(OSError):  # not readable, or not there yet
            _link(deploy, copy)
            _link(deploy.parent, copy.parent)
        if conf.name == SITE:
            (copy / ".system.conf").write_text(template("generated/check-site.conf"))
        yield copy, ".system.conf" if conf.name == SITE else conf.name


def _link(source: Path, copy: Path) -> None:
    """Link each entry of a directory that the copy does not have."""
    for entry in source.iterdir():
        if not os.path.lexists(copy / entry.name):
            (copy / entry.name).symlink_to(entry)


def printed_by(binary: Binary, conf: Path, *options: str, copy: Path | None = None) -> str:
    """Run an nginx that reads ``conf`` or a copy of it, and return what it prints.

    Args:
        binary: which nginx.
        conf: the file.
        options: of the command line.
        copy: of the directory of ``conf``; what is printed has the name of the directory itself.

    Raises:
        FleetError: nginx refuses its files; the reason is nginx's own.
    """
    try:
        done = subprocess.run([binary.path, *options], capture_output=True, timeout=TEST, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FleetError(str(conf), f"nginx cannot test it ({error})", "see fleet status") from None
    output, errors = (
        each.decode(errors="surrogateescape").replace(str(copy or conf.parent), str(conf.parent))
        for each in (done.stdout, done.stderr)
    )
    if done.returncode != 0:
        words = _STAMP.sub("", errors.strip(), 1).splitlines()
        raise FleetError(str(conf), f"nginx refuses it ({words[0] if words else 'no reason given'})", "fix it first")
    return output
