"""How many workers this machine is good for."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
"""Of a container, whose limits are those of the machine (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""
MEMORY = 150_000_000
"""Bytes that a worker is given credit for: 40 MB as it starts, and an application that does something."""
SHARE = 0.5
"""Of the memory, for workers; the other half is for the standby, nginx, the page cache and whatever else is here."""


def good_number() -> int:
    """Return one worker per core, fewer where memory is short, and at least one."""
    return max(1, min(_cores(), int(_memory() * SHARE) // MEMORY))


def _cores() -> int:
    cores = len(os.sched_getaffinity(0))
    quota, _, period = _limit("cpu.max").partition(" ")
    return min(cores, -(-int(quota) // int(period))) if quota.isdigit() else cores


def _memory() -> int:
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _limit("memory.max")
    return min(installed, int(limit)) if limit.isdigit() else installed


def _limit(name: str) -> str:
    try:
        return (CGROUP / name).read_text().strip()
    except OSError:
        return ""
