"""Tests of aiohttp_fleet/worker/preflight.py."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.place import PROJECT, USER
from tests.worker_process import WorkerProcess

Start = Callable[..., WorkerProcess]


def _preflight(app: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiohttp_fleet.worker", app, f"--path={path}", f"--user={USER}", "--preflight"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=20)


def test_a_preflight_builds_and_touches_nothing(worker: Start) -> None:
    """The real worker serves on meanwhile; on_startup is not run."""
    started = worker().ready()
    inode = started.path.stat().st_ino
    done = _preflight("tests.apps.faulty:traced", started.path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "tests.apps.faulty:traced can be imported and built" in done.stderr
    assert started.path.stat().st_ino == inode


def test_a_preflight_that_fails_says_why(place: Path) -> None:
    """Exit code 1, the reason in the last line."""
    done = _preflight("tests.apps.missing:create_app", place / "web.sock")
    assert done.returncode == 1
    assert "there is no module tests.apps.missing" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("name", "error"), [("cancelled", "CancelledError"), ("interrupted", "KeyboardInterrupt")])
def test_a_build_that_is_broken_off_has_failed(place: Path, name: str, error: str) -> None:
    """However it ends: only what was built is good."""
    done = _preflight(f"tests.apps.faulty:create_{name}", place / "web.sock")
    assert done.returncode == 1
    assert f"create_{name}" in done.stderr.splitlines()[-1]
    assert error in done.stderr.splitlines()[-1]


def test_a_preflight_waits_for_nothing_that_the_build_has_begun(place: Path) -> None:
    """A thread or task that only on_cleanup would end does not hold it: the time limit is far below theirs."""
    assert _preflight("tests.apps.faulty:create_occupied", place / "web.sock").returncode == 0
