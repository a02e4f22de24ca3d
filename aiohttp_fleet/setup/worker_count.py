"""How many workers this machine is good for."""

import os

from aiohttp_fleet.common.limits import cgroup, cores

MEMORY = 150_000_000
"""Bytes that a worker is given credit for: 40 MB as it starts, and an application that does something."""
SHARE = 0.5
"""Of the memory, for workers; the other half is for the standby, nginx, the page cache and whatever else is here."""


def default_worker_count() -> int:
    """Return one worker per core, fewer where memory is short, and at least one."""
    return max(1, min(cores(), int(_memory() * SHARE) // MEMORY))


def _memory() -> int:
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = cgroup("memory.max")
    return min(installed, int(limit)) if limit.isdigit() else installed
