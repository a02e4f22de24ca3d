"""Limits of processes, and of the container they may be in."""

import os
import resource
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
"""The cgroup of this container; of the machine outside of one (https://docs.kernel.org/admin-guide/cgroup-v2.html)."""


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one: the usual 1024 is fewer clients than a process can serve."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def file_limit(pid: int = 0) -> int:
    """Return how many open files a process, by default this one, may allow itself (prlimit(2), RLIMIT_NOFILE)."""
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]


def cores(pid: int = 0) -> int:
    """Return on how many cores a process, by default this one, may run."""
    here = len(os.sched_getaffinity(pid))
    quota, _, period = cgroup("cpu.max").partition(" ")
    return min(here, -(-int(quota) // int(period))) if quota.isdigit() else here


def cgroup(name: str) -> str:
    """Return the text of a file of the cgroup, empty if there is none."""
    try:
        return (CGROUP / name).read_text().strip()
    except OSError:
        return ""
