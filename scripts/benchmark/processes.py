"""What processes cost: processor time and memory."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def with_children(pid: int) -> list[int]:
    """Return a process and all its descendants that exist."""
    found = [pid]
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += with_children(int(child))
    return found


def processor(pids: Iterable[int]) -> float:
    """Return the seconds of processor time that they have used (proc(5), stat, utime and stime)."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pids: Iterable[int]) -> int:
    """Return their bytes of memory, shared pages divided among the processes that share them (proc(5), Pss)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total
