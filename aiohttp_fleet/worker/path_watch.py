"""Notices at once when a socket's path is taken away, by inotify(7).

A cleaner of /tmp takes all workers' paths in the same moment, and until the first is bound again nobody serves. Where
inotify is not to be had the worker's regular look at its paths has to do.
"""

import asyncio
import contextlib
import ctypes
import os
from collections.abc import Iterable

IN_ATTRIB = 0x4
"""Its link count has changed: it was unlinked, or another file was renamed onto its path."""
IN_MOVE_SELF = 0x800
"""It was renamed."""
EVENT = 4096
"""Bytes to read; what happened does not matter, only that something has."""


class PathWatch:
    """Tells that one of the paths last given to `watch` may no longer be what it was."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self._libc = ctypes.CDLL(None)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)  # -1 when the user's are used up
        if self._fd >= 0:
            asyncio.get_running_loop().add_reader(self._fd, self._read)

    def watch(self, paths: Iterable[str]) -> None:
        """Watch the files that are at ``paths`` now; what is not there, or watched already, is no error."""
        self.changed.clear()
        if self._fd >= 0:
            for path in paths:
                self._libc.inotify_add_watch(self._fd, os.fsencode(path), IN_ATTRIB | IN_MOVE_SELF)

    def close(self) -> None:
        """Watch no more."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, EVENT)
        self.changed.set()
