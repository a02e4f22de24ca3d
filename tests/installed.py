"""The wheel, and a virtual environment with it, made once for all processes of a test run."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.place import PROJECT

MORE = ("aiohttp-jinja2", "jinja2")
"""What the projects of the tests have installed for themselves."""


def wheel(directory: Path) -> Path:
    """Return the wheel in a directory; build it if it is not there."""
    with _locked(directory):
        if not list(directory.glob("*.whl")):
            _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", directory, PROJECT)
    (found,) = directory.glob("*.whl")
    return found


def commands(wheel: Path) -> Path:
    """Return the directory of the commands of a virtual environment with the wheel, which is next to it."""
    environment = wheel.parent / "v"
    with _locked(wheel.parent):
        if not environment.exists():
            _run(sys.executable, "-m", "venv", "--without-pip", environment)
            _run(sys.executable, "-m", "pip", "--python", environment, "install", "-q", wheel, *MORE)
    return environment / "bin"


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: object) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
