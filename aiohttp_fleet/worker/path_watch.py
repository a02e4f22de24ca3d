"""Learn at once that a socket's path was removed, by inotify(7).

A cleaner of /tmp removes the paths of all workers at the same moment, and until the first is bound again no worker
serves. Without inotify the worker's regular check of its paths is enough, only later.
"""

import asyncio
import contextlib
import ctypes
import os
from collections.abc import Iterable

IN_ATTRIB = 0x4
"""The file's link count has changed: it was unlinked, or another file was renamed onto its path."""
IN_MOVE_SELF = 0x800
"""The file was renamed."""
EVENT = 4096
"""Bytes to read; the content of the event does not matter."""


class PathWatch:
    """Sets `changed` when one of the paths last given to `watch` may have another file, or none."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self._libc = ctypes.CDLL(None)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)  # -1 when the user has no instance left
        if self._fd >= 0:
            asyncio.get_running_loop().add_reader(self._fd, self._read)

    def watch(self, paths: Iterable[str]) -> None:
        """Watch the files that are at ``paths`` now; a path that is missing, or watched already, is no error."""
        self.changed.clear()
        if self._fd >= 0:
            for path in paths:
                self._libc.inotify_add_watch(self._fd, os.fsencode(path), IN_ATTRIB | IN_MOVE_SELF)

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, EVENT)
        self.changed.set()
