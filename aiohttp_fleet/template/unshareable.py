"""What an import leaves in this process that its forks could not share."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.processes import children
from aiohttp_fleet.template.import_watch import PROCESS, SOCKET, TEMPORARY, THREAD, ImportWatch

_OPEN = re.compile(r"(socket|pipe):|anon_inode:\[?(eventpoll|eventfd|timerfd|signalfd|inotify|io_uring|pidfd)")
"""Links in /proc/self/fd (proc(5)) of what all workers would share; a regular file is one that they may."""
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_PROJECT = "the application"


@dataclass(frozen=True)
class Unshareable:
    """One thing.

    Attributes:
        module: whose import has made it; empty when that is not known.
        what: it does.
    """

    module: str
    what: str

    def __str__(self) -> str:
        return f"{self.module or _PROJECT} {self.what}"


class Before:
    """The process before an import, to be compared with the process after it.

    Args:
        watch: of the import.
        loop: the event loop that is the current one during the import.
    """

    def __init__(self, watch: ImportWatch, loop: asyncio.AbstractEventLoop) -> None:
        self._watch = watch
        self._loop = loop
        self._descriptors: dict[int, str] = {}
        self._references = 0

    def begin(self) -> None:
        """Remember how it is now; not done by the constructor, whose arguments refer to the loop as well."""
        self._descriptors = _descriptors()
        self._references = sys.getrefcount(self._loop)

    def compare(self) -> list[Unshareable]:
        """Return what the import has left."""
        return list(self._found())

    def _found(self) -> Iterator[Unshareable]:
        for module, name in self._watch.asked:
            yield Unshareable(module, f"asks for {name}, which each worker has with another value")
        if sys.getrefcount(self._loop) > self._references:
            yield Unshareable("", "keeps the event loop that is there at its import")
        if threading.active_count() > 1 or _native_threads_stay():
            yield self._by("starts a thread", THREAD)
        if children(os.getpid()):
            yield self._by("starts a process", *PROCESS)
        kinds = {found[1] or found[2] for found in map(_OPEN.match, self._opened()) if found}
        for kind in sorted(kinds):
            yield self._by(f"opens a descriptor ({kind})", *SOCKET)
        if any(Path(path).exists() for path in self._watch.temporary):
            yield self._by("makes a temporary file", *TEMPORARY)
        if any(signal.getitimer(timer)[0] for timer in _TIMERS):
            yield Unshareable("", "sets a timer")
        if module := _with_pid():
            yield Unshareable(module, "keeps the number of its process")

    def _by(self, what: str, *events: str) -> Unshareable:
        starters = [module for event in events for module in self._watch.starters.get(event, ())]
        return Unshareable(starters[-1] if starters else "", what)

    def _opened(self) -> list[str]:
        return [link for fd, link in _descriptors().items() if self._descriptors.get(fd) != link]


def _descriptors() -> dict[int, str]:
    """Return what each descriptor of this process refers to."""
    found = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208, names are enough
        with contextlib.suppress(OSError):  # that of the directory itself
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
    return found


def _native_threads_stay() -> bool:
    """Whether there are threads that are not Python's and do not end at a fork, as those of OpenBLAS do."""
    if _tasks() <= threading.active_count():
        return False
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    return _tasks() > threading.active_count()


def _tasks() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208


def is_of_project(module: object) -> bool:
    """Whether a module is from the working directory, and from no virtual environment in it."""
    file = str(getattr(module, "__file__", None) or "")
    return file.startswith(f"{os.getcwd()}/") and not file.startswith(f"{sys.prefix}/")  # noqa: PTH109


def _with_pid() -> str:
    """Return a module of the project that has the pid in one of its names."""
    word = re.compile(rf"(?<!\d){os.getpid()}(?!\d)")
    for name, module in list(sys.modules.items()):
        for value in list(vars(module).values()) if is_of_project(module) else ():
            if (type(value) is int and value == os.getpid()) or (type(value) is str and word.search(value)):
                return name
    return ""
