"""Make nginx read its file without a failed request: the fleet's own nginx, or the system's where we may signal it."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, nullcontext
from pathlib import Path

from aiohttp_fleet.common import processes
from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError, os_errors
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.tcp_ports import connections, listeners
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.common.write_files import WRITTEN
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import Binary, executable_of, running_nginx
from aiohttp_fleet.nginx.check_config import printed_by
from aiohttp_fleet.nginx.directives import listen_address, proxied_to
from aiohttp_fleet.nginx.generated import closes_by_answer, refresh_generated, write_generated
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

STEP = "reload nginx: nginx -t && nginx -s reload"
RELOAD = 10.0
"""Seconds until the new nginx workers are there."""
SEEN = 1.0
"""Seconds until nginx has looked for a file again: open_file_cache_valid in generated/close-idle.conf."""
UNUSED = 5.0
"""Seconds after which an unused connection may be closed: keepalive_min_timeout in generated/keep-used.conf."""


def apply(fleet: Fleet, supervisord: Supervisord, what: str = "") -> str:
    """Make nginx read its file; return a line that says so, or what is left to do.

    Args:
        fleet: the fleet.
        supervisord: it signals nginx, if it runs nginx.
        what: is new in the file.

    Raises:
        FleetError: nginx refuses the file, or has no new workers after some seconds.
    """
    new = f", {what}" if what else ""
    if fleet.nginx:
        reload_nginx(supervisord, fleet.nginx, fleet.nginx_conf)
    elif not (fleet.is_site and _reload_system(fleet.nginx_conf)):
        refresh_generated(fleet.nginx_conf)
        return f"{fleet.nginx_conf}: written{new}; {STEP}"
    return f"nginx: reloaded{new}"


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
    _replace_workers(namespec, master, running_nginx(conf), lambda: supervisord.signal(namespec, "HUP"), conf)


def _reload_system(conf: Path) -> bool:
    """Reload the system's nginx; return False if it is another user's, or does not include site.conf as it is now.

    Raises:
        FleetError: nginx refuses its files, or has no new workers after some seconds.
    """
    text = read_text(conf)
    where = listen_address(text)
    found = _master(where[1]) if where else None
    if found is None:
        return False
    master, binary = found
    title = processes.title(master).decode(errors="surrogateescape")
    given = [word for pair in re.findall(r" (-[pc]) (\S+)", title) for word in pair]
    # all files that it would read now (https://nginx.org/en/docs/switches.html, -T)
    if text not in printed_by(binary, conf, "-T", "-q", *given):
        return False
    _replace_workers("nginx", master, binary, lambda: os.kill(master, signal.SIGHUP), conf)
    return True


def _master(port: int) -> tuple[int, Binary] | None:
    """Return the nginx that listens on a port, its pid first; None if there is none, or we may not signal it."""
    for pid in listeners(port) or ():
        try:
            if processes.is_nginx_master(pid):
                os.kill(pid, 0)
                return pid, executable_of(pid)
        except OSError:  # it has ended, or is another user's
            continue
    return None


def _replace_workers(name: str, master: int, binary: Binary, hup: Callable[[], object], conf: Path) -> None:
    """Make a master replace its workers, and wait until it has; see `_close_idle_clients` for an older nginx.

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
    with _close_idle_clients(conf, TlsFiles(conf.parent).ports(text)) if closes else nullcontext():
        write_generated(conf, binary.version(), master)
        before = processes.children(master)
        hup()
        if not wait_until(
            lambda: processes.children(master) - before and not any(map(processes.accepts, before)), RELOAD
        ):
            step = "see its error log" if name == "nginx" else f"see supervisorctl tail {name}"
            raise FleetError(name, f"nginx has no new workers {RELOAD:g} s after its reload", step)


@contextmanager
def _close_idle_clients(conf: Path, ports: Set[int]) -> Iterator[None]:
    """Have each answer end its connection until all connections are closed or unused, then run the block.

    An nginx before 1.27.4 would close them at once in a reload.

    Args:
        conf: nginx.conf or site.conf.
        ports: of nginx; with none, which is on unix sockets only, the full time passes.

    Raises:
        FleetError: ``run/`` is not writable.
    """
    mark = conf.parent / "run" / "closing"
    try:
        with os_errors(mark, *WRITTEN):
            mark.touch()
        time.sleep(SEEN)  # what nginx has in its cache cannot be asked
        idle = connections(ports)
        wait_until(lambda: bool(ports) and not idle & connections(ports), UNUSED)
        yield
    finally:
        with deferred_signals(), os_errors(mark, *WRITTEN):
            mark.unlink(missing_ok=True)
