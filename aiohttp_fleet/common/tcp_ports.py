"""Listeners and connections on TCP ports of this machine."""

import contextlib
import os
from collections.abc import Iterator, Set
from pathlib import Path

ESTABLISHED, LISTEN = "01", "0A"
"""States in /proc/net/tcp (https://docs.kernel.org/networking/proc_net_tcp.html)."""
PRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
"""The first port that an ordinary user may bind (https://docs.kernel.org/networking/ip-sysctl.html)."""


def needs_root(port: int) -> bool:
    """Whether this process may not bind a port."""
    return os.geteuid() != 0 and is_privileged(port)


def is_privileged(port: int) -> bool:
    """Whether an ordinary user of this machine may not bind a port."""
    return port < int(PRIVILEGED.read_text())


def listeners(port: int) -> list[int] | None:
    """Return the pids that listen on a port, an empty list if they are another user's; None if none does."""
    sockets = {f"socket:[{row[9]}]" for row in _rows(LISTEN, {port})}
    if not sockets:
        return None
    return sorted(int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _has(entry / "fd", sockets))


def connections(ports: Set[int]) -> set[str]:
    """Return the established connections to ports of this machine, each as both ends in the kernel's notation."""
    return {" ".join(row[1:3]) for row in _rows(ESTABLISHED, ports)}


def _rows(state: str, ports: Set[int]) -> Iterator[list[str]]:
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):  # no IPv6
            rows = (line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:])
            yield from (row for row in rows if row[3] == state and int(row[1].rpartition(":")[2], 16) in ports)


def _has(directory: Path, sockets: set[str]) -> bool:
    with contextlib.suppress(OSError), os.scandir(directory) as entries:  # another user's, or it has ended
        for entry in entries:
            with contextlib.suppress(OSError):
                if os.readlink(entry.path) in sockets:  # noqa: PTH115, it names no path
                    return True
    return False
