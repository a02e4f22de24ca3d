"""The threads of this process that a fork of it does not have."""

import os
import re
import threading
import time
from collections import Counter
from pathlib import Path

from aiohttp_fleet.template.in_fork import in_fork

PATIENCE = 0.2
"""Seconds for the threads of a fork to name themselves."""
UNNAMED = "without a name"
NOT_MISSED = ("jemalloc_bg_thd", "iou-")
"""Beginnings of names. jemalloc, which is in pyarrow and so in pandas 3, does its work without it in a fork
(background_thread.c of https://github.com/jemalloc/jemalloc, background_thread_postfork_child). The kernel's threads of
an io_uring belong to its descriptor; libuv had one for each event loop up to 1.49, which is in uvloop 0.22."""
_NUMBER = re.compile(r"[-_]?\d+")


def lost_threads() -> list[str]:
    """Return their names, each once, with their number where there are several.

    Not of those that each fork starts again, as OpenTelemetry's and SciPy's, and that end at a fork, as OpenBLAS's.
    """
    here = _names()
    if not here:
        return []
    in_the_fork = Counter(in_fork(lambda _: _names_in_fork(here)))
    lost = Counter(_names()) - in_the_fork  # names again: some may have ended
    return [name if number == 1 else f"{number} {name}" for name, number in sorted(lost.items())]


def _names_in_fork(wanted: list[str]) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while Counter(wanted) - Counter(names := _names()) and time.monotonic() < deadline:
        time.sleep(PATIENCE / 20)
    return names


def _names() -> list[str]:
    """Return the names of all threads but this one: Python's, without their numbers, and the kernel's for others.

    One that has not named itself has the process's name in the kernel.
    """
    threads = [each for each in threading.enumerate() if each is not threading.current_thread()]
    known = {threading.get_native_id(), *(each.native_id for each in threads)}
    others = [task for task in map(int, os.listdir("/proc/self/task")) if task not in known]  # noqa: PTH208
    of_process = _kernel_name(threading.get_native_id())
    names = [UNNAMED if name == of_process else name for name in map(_kernel_name, others) if name]
    names = [name for name in names if not name.startswith(NOT_MISSED)]
    return [*(_NUMBER.sub("", each.name) for each in threads), *names]


def _kernel_name(task: int) -> str:
    try:
        return Path(f"/proc/self/task/{task}/comm").read_text().strip()
    except OSError:  # it has ended
        return ""
