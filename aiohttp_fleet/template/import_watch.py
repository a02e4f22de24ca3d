"""What an import does besides defining things: which files it reads, and what it starts that a fork cannot share."""

import os
import random
import re
import socket
import ssl
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from aiohttp_fleet.template.starter import Starter

SOCKET = ("socket.__new__",)
PROCESS = ("subprocess.Popen", "os.posix_spawn", "os.fork")
TEMPORARY = ("tempfile.mkdtemp", "tempfile.mkstemp")
DATABASE = ("sqlite3.connect",)
"""Audit events (https://docs.python.org/3/library/audit_events.html) of what a fork cannot share."""
THREAD = "threading.Thread.start"
"""Has none in every version."""
_NAMES_FILE = re.compile("CERT|_CA_|SSL|CONF")
"""In variables such as REQUESTS_CA_BUNDLE and OPENSSL_CONF, whose files C libraries read; not a log or a database."""
NOT_FILES = ("/proc/", "/sys/", "/dev/")
TICK = 0.01
"""Seconds by which the kernel's file times may be behind the clock."""


class ImportWatch:
    """Watches the imports of this process while it is on.

    Args:
        files: that are read besides.
        differing: environment variables in which the workers differ, and which this process does not have.

    Attributes:
        asked: modules that have asked for one of these at their import, and for which.
        starters: for each event what it came from, in order.
        temporary: temporary files and directories that were made.
        unseeded: random generators that were seeded by the system, which must differ in each process.
        is_seeded: whether the functions of `random` got a seed, or a state, last; Python seeds them again at each fork.
    """

    def __init__(self, files: Iterable[str], differing: Iterable[str]) -> None:
        self._is_on = False
        self._differing = frozenset(differing)
        self.asked: list[tuple[str, str]] = []
        self._read = set(map(os.path.abspath, files))
        self._began = time.time()
        self.starters: dict[str, list[Starter]] = {}
        self.temporary: list[str] = []
        self.unseeded: weakref.WeakSet[random.Random] = weakref.WeakSet()
        self.is_seeded = False
        self._hook = partial(self._hear)
        sys.addaudithook(self._hook)  # it cannot be removed

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch what the block imports."""
        seed, start, environ = random.Random.seed, threading.Thread.start, type(os.environ)
        common_seed, common_state = random.seed, random.setstate
        watch = self

        def watched_seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
            if a is None and watch._is_on:
                watch.unseeded.add(generator)
            seed(generator, a, version)

        def watched_common_seed(a: Any = None, version: int = 2) -> None:
            watch.is_seeded = a is not None if watch._is_on else watch.is_seeded
            common_seed(a, version)

        def watched_common_state(state: Any) -> None:
            watch.is_seeded = watch._is_on or watch.is_seeded
            common_state(state)

        def watched_start(thread: threading.Thread) -> None:
            if watch._is_on:
                starter = Starter(_importing(sys._getframe(1)), weakref.ref(thread))
                watch.starters.setdefault(THREAD, []).append(starter)
            start(thread)

        class WatchedEnviron(environ):  # type: ignore[misc,valid-type]
            def __getitem__(self, name: str) -> Any:
                try:
                    return super().__getitem__(name)
                except KeyError:
                    if name in watch._differing:
                        watch.asked.append((_importing(sys._getframe(1)), name))
                    raise

        random.Random.seed, threading.Thread.start = watched_seed, watched_start  # type: ignore[assignment,method-assign]
        random.seed, random.setstate = watched_common_seed, watched_common_state
        os.environ.__class__ = WatchedEnviron
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False
            for owner, name, ours, before in (
                (random.Random, "seed", watched_seed, seed),
                (random, "seed", watched_common_seed, common_seed),
                (random, "setstate", watched_common_state, common_state),
                (threading.Thread, "start", watched_start, start),
                (os.environ, "__class__", WatchedEnviron, environ),
            ):
                if getattr(owner, name) is ours:  # what the import has put in its place stays, as Sentry's does
                    setattr(owner, name, before)

    def end(self) -> None:
        """Hear nothing more. Python has no function for it; a C function takes half the time at each audited call."""
        self._hook.__setstate__(({}.get, (), {}, None))  # type: ignore[attr-defined]

    def stamps(self) -> str:
        """Return a line for each file that was read, modules included: its path and its stamp.

        A file that has changed since the watch was made has no stamp: it may have been read before.
        """
        modules = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        paths = {*self._read, *_read_at_start(), *(file for file in modules if isinstance(file, str))}
        return "".join(f"{path}\t{self._first_stamp(path)}\n" for path in sorted(paths) if "\n" not in path)

    def _first_stamp(self, path: str) -> str:
        try:
            is_new = os.stat(path).st_ctime >= self._began - TICK  # noqa: PTH116
        except OSError:
            is_new = False
        return "" if is_new else _stamp(path)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str) and flags & os.O_ACCMODE == os.O_RDONLY and not path.endswith(".pyc"):
                self._add(path)
        elif event in ("os.listdir", "os.scandir"):
            if isinstance(arguments[0], str) and not _is_import_system(sys._getframe(1)):
                self._add(arguments[0])
        elif event in (*SOCKET, *PROCESS, *TEMPORARY, *DATABASE):
            made = weakref.ref(arguments[0]) if isinstance(arguments[0], socket.socket) else None
            self.starters.setdefault(event, []).append(Starter(_importing(sys._getframe(1)), made))
            if event in TEMPORARY:
                self.temporary.append(str(arguments[0]))

    def _add(self, path: str) -> None:
        path = os.path.abspath(path)  # noqa: PTH100, called for every file
        if not path.startswith(NOT_FILES):
            self._read.add(path)


def _read_at_start() -> Iterator[str]:
    """Yield what is read without an audit event: directories with packages and .pth files, CA files."""
    yield sys.executable
    yield f"{sys.prefix}/pyvenv.cfg"
    yield from (path for path in sys.path if path.startswith((f"{sys.prefix}/", f"{sys.base_prefix}/")))
    default = ssl.get_default_verify_paths()
    yield from filter(None, (default.cafile, default.capath))
    yield from (path for name, path in os.environ.items() if _NAMES_FILE.search(name) and os.path.isfile(path))  # noqa: PTH113


def first_changed(stamps: str) -> str:
    """Return the first file that is not what it was; empty when all are.

    Args:
        stamps: of `ImportWatch.stamps`.
    """
    for line in stamps.splitlines():
        path, _, stamp = line.rpartition("\t")
        if not stamp or stamp != _stamp(path):
            return path
    return ""


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return "missing"
    return f"{found.st_mtime_ns}.{found.st_size}.{found.st_ino}"


def _is_import_system(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")


def _importing(frame: FrameType | None) -> str:
    """Return the module whose import runs the frame."""
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            return str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    return ""
