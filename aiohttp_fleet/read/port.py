"""Who listens on a TCP port of this machine."""

import contextlib
import os
from pathlib import Path

LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp (https://docs.kernel.org/networking/proc_net_tcp.html)."""
PRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
"""The first port that an ordinary user may bind (https://docs.kernel.org/networking/ip-sysctl.html)."""


def needs_root(port: int) -> bool:
    """Whether this process may not bind a port."""
    return os.geteuid() != 0 and port < int(PRIVILEGED.read_text())


def listeners(port: int) -> list[int] | None:
    """Return the pids of those who listen on a port, an empty list for those one may not see; None for nobody."""
    sockets = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _inodes(Path("/proc/net") / table, port)}
    if not sockets:
        return None
    return sorted(int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _has(entry / "fd", sockets))


def name_of(pid: int) -> str:
    """Return a process's name (proc(5), /proc/pid/comm)."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "unknown"


def _inodes(table: Path, port: int) -> list[str]:
    with contextlib.suppress(OSError):  # no IPv6
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        return [row[9] for row in rows if row[3] == LISTEN and int(row[1].rpartition(":")[2], 16) == port]
    return []


def _has(directory: Path, sockets: set[str]) -> bool:
    with contextlib.suppress(OSError):  # another user's, or it ended while we looked
        for entry in os.scandir(directory):
            with contextlib.suppress(OSError):
                if os.readlink(entry.path) in sockets:  # noqa: PTH115, it names no path
                    return True
    return False
