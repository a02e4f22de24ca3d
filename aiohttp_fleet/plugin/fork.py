"""Workers forked from supervisord: the child that supervisord forks anyway becomes the worker, without an exec.

The worker shares the memory of aiohttp and the kit with supervisord and the other workers, and serves 0.4 s earlier.
The application is imported after the fork, so a restart always loads its new code.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.standby_command import is_standby
from aiohttp_fleet.plugin import preload
from aiohttp_fleet.plugin.become_worker import run
from aiohttp_fleet.standby import resolve
from aiohttp_fleet.worker.env_files import read_at_start

MODULES = ("aiohttp_fleet.worker", "aiohttp_fleet.watchdog")
"""What is forked; everything else is exec'd."""
UNBUFFERED = "PYTHONUNBUFFERED"

Execve = Callable[[str, Sequence[str], Mapping[str, str]], None]


class Forking:
    """Replaces ``execve`` of supervisord's options, which is called in the child after the fork.

    Everything is decided in the child: an error there costs one child, which is then exec'd, never supervisord.

    Args:
        execve: the one that is replaced.
    """

    def __init__(self, execve: Execve) -> None:
        self._execve = execve

    def __call__(self, filename: str, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Become the process: run it here where that is possible, exec it otherwise."""
        try:
            if is_standby(argv):
                filename, argv, environ = _as_worker(argv, environ)
            reason = _obstacle(filename, environ) if _is_ours(argv) else ""
        except FleetError as error:
            reason = str(error)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            if not reason and _is_ours(argv):
                run(argv, environ)
        if reason:
            name = environ.get("SUPERVISOR_PROCESS_NAME", "worker")
            line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {name}: exec'd, not forked: {reason}\n"
            os.write(2, line.encode(errors="replace"))
        self._execve(filename, argv, environ)

    def obstacle(self) -> str:
        """Say why workers are not forked now; empty when they are."""
        return _stale()


def install(supervisord: Any) -> Forking:
    """Fork the workers of a supervisord."""
    forking = Forking(supervisord.options.execve)
    supervisord.options.execve = forking
    return forking


def _is_ours(argv: Sequence[str]) -> bool:
    return len(argv) > 2 and argv[1] == "-m" and argv[2] in MODULES


def _as_worker(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[str, Sequence[str], Mapping[str, str]]:
    """Return the worker that the standby's command becomes, and go to its directory."""
    standby, variables = resolve(argv[3:], environ)
    program = shutil.which(standby.argv[0], path=variables.get("PATH"))
    if program is None:
        raise FleetError(standby.argv[0], "it cannot be found", "see the workers' command in supervisord.conf")
    if standby.directory:
        os.chdir(standby.directory)
    return program, standby.argv, variables


def _obstacle(filename: str, environ: Mapping[str, str]) -> str:
    """Say why an exec would make another process than a fork; empty when both are the same."""
    if not _is_this_python(filename):
        return f"{filename} is not supervisord's own interpreter, {sys.executable}"
    names = (name for name in environ.keys() | os.environ.keys() if read_at_start(name) and name != UNBUFFERED)
    if name := next((name for name in sorted(names) if environ.get(name) != os.environ.get(name)), ""):
        return f"environment= sets {name}, which is read when an interpreter starts"
    here = os.getcwd()  # noqa: PTH109, a Path writes into shared pages (preload.py)
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
