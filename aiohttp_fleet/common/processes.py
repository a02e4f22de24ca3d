"""What the kernel says of a process: https://man7.org/linux/man-pages/man5/proc.5.html. One rule for each question."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc")
MASTER = b"nginx: master process "
WORKER = b"nginx: worker process"
"""How the titles of nginx's processes begin (src/os/unix/ngx_process_cycle.c)."""


def parent(pid: int) -> int:
    """Return the pid of its parent now, 0 when it has ended."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def is_running(pid: int) -> bool:
    """Whether it has not ended; one that only waits for its parent to reap it has."""
    fields = _stat(pid)
    return bool(fields) and fields[0] not in "ZX"


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped it (SIGSTOP, SIGTSTP)."""
    return _stat(pid)[:1] == ["T"]


def children(pid: int) -> set[int]:
    """Return the pids of its children; found among all processes where the kernel keeps no list of them."""
    with contextlib.suppress(OSError):
        return {int(word) for word in (PROC / f"{pid}/task/{pid}/children").read_text().split()}
    return {int(entry.name) for entry in PROC.glob("[0-9]*") if parent(int(entry.name)) == pid}


def title(pid: int) -> bytes:
    """Return its command line, as it is or as it was overwritten; empty when it has ended."""
    with contextlib.suppress(OSError):
        return (PROC / f"{pid}/cmdline").read_bytes()
    return b""


def process_name(pid: int) -> str:
    """Return its name (proc(5), /proc/pid/comm)."""
    with contextlib.suppress(OSError):
        return (PROC / f"{pid}/comm").read_text().strip()
    return "unknown"


def is_nginx_master(pid: int) -> bool:
    """Whether it is an nginx that reads signals and starts workers."""
    return title(pid).startswith(MASTER)


def accepts(pid: int) -> bool:
    """Whether it is an nginx worker that accepts connections: its title says when it no longer does."""
    return title(pid).startswith(WORKER) and b"shutting down" not in title(pid)


def process_environ(pid: int) -> Mapping[str, str]:
    """Return the environment that a process was started with (proc(5), /proc/pid/environ); ours if it is not readable.

    Args:
        pid: of supervisord, whose environment its programs inherit.
    """
    try:
        words = (PROC / f"{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return os.environ
    pairs = (os.fsdecode(word).partition("=") for word in words if b"=" in word)
    return {name: value for name, _, value in pairs}


def process_directory(pid: int) -> str | None:
    """Return the working directory of a process, which its children inherit; None, for ours, if it is not readable."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115, a Path would be of no use to subprocess
    except OSError:
        return None


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on: state, parent, ...; nothing when it has ended."""
    with contextlib.suppress(OSError):
        return (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    return []
