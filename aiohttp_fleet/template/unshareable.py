"""What an import leaves in this process that its forks could not share."""

import asyncio
import contextlib
import gc
import os
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp_fleet.common.processes import children
from aiohttp_fleet.template.import_watch import DATABASE, PROCESS, SOCKET, TEMPORARY, THREAD, ImportWatch
from aiohttp_fleet.template.lost_threads import lost_threads
from aiohttp_fleet.template.open_files import descriptors, is_database, is_locked, shared_memory

_OPEN = re.compile(r"(socket|pipe):|anon_inode:\[?(eventpoll|eventfd|timerfd|signalfd|inotify|io_uring|pidfd)")
"""Links in /proc/self/fd (proc(5)) of what all workers would share; a regular file is one that they may."""
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_PROJECT = "the application"
_DIRECTORY = os.getcwd()  # noqa: PTH109, before an import changes it


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
        loop: the event loop that is the current one during the import, None for none.
    """

    def __init__(self, watch: ImportWatch, loop: asyncio.AbstractEventLoop | None) -> None:
        self._watch = watch
        self._loop = loop
        self._descriptors: dict[int, str] = {}
        self._references = 0
        self._memory: set[str] = set()

    def begin(self) -> None:
        """Remember how it is now; not done by the constructor, whose arguments refer to the loop as well."""
        self._descriptors = descriptors()
        self._memory = shared_memory()
        self._references = sys.getrefcount(self._loop)

    def compare(self) -> list[Unshareable]:
        """Return what the import has left."""
        found = list(self._found())
        return list(self._found()) if found and gc.collect() else found  # what only a cycle refers to is gone then

    def _found(self) -> Iterator[Unshareable]:
        for module, name in self._watch.asked:
            yield Unshareable(module, f"asks for {name}, which each worker has with another value")
        if self._loop and sys.getrefcount(self._loop) > self._references:
            yield Unshareable("", "keeps the event loop that is there at its import")
        if lost := lost_threads():
            yield self._by(f"starts a thread ({', '.join(lost)})", THREAD)
        if children(os.getpid()):
            yield self._by("starts a process", *PROCESS)
        opened = self._opened()
        kinds = {found[1] or found[2] for found in map(_OPEN.match, opened.values()) if found}
        for kind in sorted(kinds):
            yield self._by(f"opens a descriptor ({kind})", *SOCKET)
        for fd, path in opened.items():
            if is_locked(fd):
                yield Unshareable("", f"locks {path}")
            elif is_database(fd):
                yield self._by(f"keeps {path} open to read and write", *DATABASE)
        if shared_memory() - self._memory:
            yield Unshareable("", "makes memory that forks write together, as multiprocessing's locks and values are")
        if any(Path(path).exists() for path in self._watch.temporary):
            yield self._by("makes a temporary file", *TEMPORARY)
        if any(signal.getitimer(timer)[0] for timer in _TIMERS):
            yield Unshareable("", "sets a timer")
        if module := _with_pid():
            yield Unshareable(module, "keeps the number of its process")

    def _by(self, what: str, *events: str) -> Unshareable:
        starters = [starter for event in events for starter in self._watch.starters.get(event, ())]
        module = next((starter.module for starter in reversed(starters) if starter.is_there()), "")
        return Unshareable(module, what)

    def _opened(self) -> dict[int, str]:
        return {fd: link for fd, link in descriptors().items() if self._descriptors.get(fd) != link}


def is_of_project(module: object) -> bool:
    """Whether a module is from the working directory, and from no virtual environment in it."""
    file = str(getattr(module, "__file__", None) or "")
    return file.startswith(f"{_DIRECTORY}/") and not file.startswith(f"{sys.prefix}/")


def _with_pid() -> str:
    """Return a module of the project that has the pid in one of its names, or in an object such as psutil.Process()."""
    for name, module in list(sys.modules.items()):
        if is_of_project(module) and any(map(_is_pid, list(vars(module).values()))):
            return name
    return ""


def _is_pid(value: object) -> bool:
    """Whether a value is the pid, or has it in an attribute or under a key whose name says so."""
    if type(value) is str:
        return re.search(rf"(?<!\d){os.getpid()}(?!\d)", value) is not None
    inner: dict[Any, Any] = {}
    if not issubclass(type(value), type | ModuleType):
        with contextlib.suppress(Exception):  # of a proxy for what is not there yet
            inner = value if type(value) is dict else dict(vars(value))
    found = [value, *(each for name, each in list(inner.items()) if type(name) is str and "pid" in name)]
    return any(type(each) is int and each == os.getpid() for each in found)
