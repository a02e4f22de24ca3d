"""The nginx that the system runs: found by the port of the site, tested, and reloaded where we may."""

import os
import re
import signal
import subprocess
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.tcp_ports import listeners
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.nginx.reload import TEST, refusal, replace_workers

_TITLE = b"nginx: master process "


def reload(fleet: Fleet, is_older: bool) -> bool:
    """Make it take up ``site.conf``, as ``nginx -s reload`` does; return whether it has.

    It has not where it is another user's, or does not include ``site.conf`` as it is now.

    Args:
        fleet: the fleet.
        is_older: whether it would cut the connections that clients keep, see `aiohttp_fleet.nginx.close_idle_clients`.

    Raises:
        FleetError: it refuses its files, or has no new workers after some seconds.
    """
    where = listen_address(read_text(fleet.nginx_conf))
    master = _master(where[1]) if where else None
    if where is None or master is None or read_text(fleet.site_conf) not in _configuration(fleet, master):
        return False
    replace_workers("nginx", master, lambda: os.kill(master, signal.SIGHUP), fleet.nginx_conf, is_older)
    return True


def _master(port: int) -> int | None:
    """Return the pid of the nginx that listens on a port, None where there is none that we may send signals to."""
    for pid in listeners(port) or ():
        try:
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(_TITLE):
                os.kill(pid, 0)
                return pid
        except OSError:  # it has ended, or is another user's
            continue
    return None


def _configuration(fleet: Fleet, master: int) -> str:
    """Return all files that it would read now, as one text (https://nginx.org/en/docs/switches.html, -T)."""
    binary = os.readlink(f"/proc/{master}/exe").removesuffix(" (deleted)")  # noqa: PTH115, it may name no file any more
    title = Path(f"/proc/{master}/cmdline").read_bytes().decode(errors="surrogateescape")
    given = [word for pair in re.findall(r" (-[pc]) (\S+)", title) for word in pair]
    try:
        done = subprocess.run([binary, "-T", "-q", *given], capture_output=True, timeout=TEST, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FleetError(binary, f"the system's nginx cannot test its files ({error})", "nginx -t") from None
    if done.returncode != 0:
        raise refusal(fleet.site_conf, done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="surrogateescape")
