"""Reload nginx without a failed request."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from aiohttp_fleet.common import processes
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import Binary, running_nginx
from aiohttp_fleet.nginx.close_idle_clients import close_idle_clients
from aiohttp_fleet.nginx.directives import proxied_to
from aiohttp_fleet.nginx.generated import closes_by_answer, write_generated
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

RELOAD = 10.0
"""Seconds until the new nginx workers are there."""


def reload_nginx(supervisord: Supervisord, namespec: str, conf: Path) -> None:
    """Make nginx read ``conf``, and wait until its new workers are there and the old ones accept no connection.

    Args:
        supervisord: it signals nginx.
        namespec: nginx.
        conf: the file that nginx was started with.

    Raises:
        FleetError: nginx does not run, or has no new workers after some seconds.
    """
    master = running_master(conf)
    if master is None:
        raise FleetError(namespec, "nginx does not run", f"supervisorctl start {namespec}")
    replace_workers(namespec, master, running_nginx(conf), lambda: supervisord.signal(namespec, "HUP"), conf)


def replace_workers(name: str, master: int, binary: Binary, hup: Callable[[], object], conf: Path) -> None:
    """Make a master replace its workers, and wait until it has; see `close_idle_clients` for an older nginx.

    Args:
        name: of nginx, for an error.
        master: its pid.
        binary: its executable.
        hup: sends the signal HUP to it.
        conf: nginx.conf or site.conf.

    Raises:
        FleetError: it has no new workers after some seconds.
    """
    text = read_text(conf)
    # while connections are closed no location counts, and so neither would a password that one of them asks for
    closes = closes_by_answer(conf) and proxied_to(text) != ""
    with close_idle_clients(conf, TlsFiles(conf.parent).ports(text)) if closes else nullcontext():
        write_generated(conf, binary.version(), master)
        before = processes.children(master)
        hup()
        if not wait_until(
            lambda: processes.children(master) - before and not any(map(processes.accepts, before)), RELOAD
        ):
            step = "see its error log" if name == "nginx" else f"see supervisorctl tail {name}"
            raise FleetError(name, f"nginx has no new workers {RELOAD:g} s after its reload", step)
