"""Workers forked from supervisord: the fork that it makes anyway goes on as the worker, without a new interpreter.

The worker then shares with supervisord, and with all others, the memory of aiohttp and the kit, and serves 0.4 s
earlier. The application is imported after the fork, so a restart always loads its new code.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from aiohttp_fleet.plugin import preload
from aiohttp_fleet.plugin.become_worker import run
from aiohttp_fleet.worker.env_files import read_at_start

MODULES = ("aiohttp_fleet.worker", "aiohttp_fleet.watchdog")
"""What is forked; everything else is executed as ever."""
UNBUFFERED = "PYTHONUNBUFFERED"

Execve = Callable[[str, Sequence[str], Mapping[str, str]], None]


class Forking:
    """Stands in for ``execve`` of supervisord's options, which is called in the child after the fork.

    Everything is decided there: what goes wrong costs one child, which is then executed, never supervisord.

    Args:
        execve: the one it stands in for.
    """

    def __init__(self, execve: Execve) -> None:
        self._execve = execve

    def __call__(self, filename: str, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Become the process: by running it here where that is possible, else by executing it."""
        if _is_ours(argv):
            try:
                reason = _obstacle(filename, environ)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
            if not reason:
                run(argv, environ)
            name = environ.get("SUPERVISOR_PROCESS_NAME", "worker")
            line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {name}: executed, not forked: {reason}\n"
            os.write(2, line.encode(errors="replace"))
        self._execve(filename, argv, environ)

    def trouble(self) -> str:
        """Say why workers are not forked now; empty when they are."""
        return _stale()


def _is_ours(argv: Sequence[str]) -> bool:
    return len(argv) > 2 and argv[1] == "-m" and argv[2] in MODULES


def _obstacle(filename: str, environ: Mapping[str, str]) -> str:
    """Say what would be another process if it were executed; empty when a fork is the same."""
    if not _is_this_python(filename):
        return f"{filename} is not supervisord's own interpreter, {sys.executable}"
    names = (name for name in environ.keys() | os.environ.keys() if read_at_start(name) and name != UNBUFFERED)
    if name := next((name for name in sorted(names) if environ.get(name) != os.environ.get(name)), ""):
        return f"environment= sets {name}, which is read when an interpreter starts"
    here = os.getcwd()  # noqa: PTH109, a Path writes into shared pages, see preload.py
    if name := preload.shadowed(here):
        return f"{here} has a module {name} of its own"
    return _stale()


def _stale() -> str:
    name = preload.changed()
    return f"the file of {name} has changed since supervisord was started; restart supervisord" if name else ""


def _is_this_python(filename: str) -> bool:
    """Whether it is the same file in the same virtual environment, whose pythons may all be links to one file."""
    real, parent, ours = os.path.realpath, os.path.dirname, sys.executable
    return real(filename) == real(ours) and real(parent(filename)) == real(parent(ours))
