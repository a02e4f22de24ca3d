"""Make nginx read its file: the fleet's own nginx, or the system's where this user may signal it."""

import os
import re
import signal
import subprocess
from pathlib import Path

from aiohttp_fleet.common import processes
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.tcp_ports import listeners
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.binary import Binary, executable_of
from aiohttp_fleet.nginx.check_config import TEST, refusal
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.nginx.generated import refresh_generated
from aiohttp_fleet.nginx.reload import reload_nginx, replace_workers
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

STEP = "reload nginx: nginx -t && nginx -s reload"


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


def _reload_system(conf: Path) -> bool:
    """Reload the system's nginx; return False if it is another user's, or does not include site.conf as it is now.

    Raises:
        FleetError: nginx refuses its files, or has no new workers after some seconds.
    """
    where = listen_address(read_text(conf))
    found = _master(where[1]) if where else None
    if found is None or read_text(conf) not in _configuration(conf, *found):
        return False
    master, binary = found
    replace_workers("nginx", master, binary, lambda: os.kill(master, signal.SIGHUP), conf)
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


def _configuration(conf: Path, master: int, binary: Binary) -> str:
    """Return all files that it would read now, as one text (https://nginx.org/en/docs/switches.html, -T)."""
    title = processes.title(master).decode(errors="surrogateescape")
    given = [word for pair in re.findall(r" (-[pc]) (\S+)", title) for word in pair]
    try:
        done = subprocess.run([binary.path, "-T", "-q", *given], capture_output=True, timeout=TEST, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FleetError(str(binary.path), f"the system's nginx cannot test its files ({error})", "nginx -t") from None
    if done.returncode != 0:
        raise refusal(conf, done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="surrogateescape")
