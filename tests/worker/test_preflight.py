"""Tests of the preflight of aiohttp_fleet/worker/main.py."""

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


def test_a_preflight_builds_and_leaves_the_socket_alone(worker: Start) -> None:
    """A worker serves meanwhile; on_startup is not run."""
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
def test_a_cancelled_build_has_failed(place: Path, name: str, error: str) -> None:
    """So has one that is interrupted."""
    done = _preflight(f"tests.apps.faulty:create_{name}", place / "web.sock")
    assert done.returncode == 1
    assert f"create_{name}" in done.stderr.splitlines()[-1]
    assert error in done.stderr.splitlines()[-1]


def test_a_preflight_does_not_wait_for_threads_or_tasks_of_the_build(place: Path) -> None:
    """Only on_cleanup would end them; its time limit here is far below theirs."""
    assert _preflight("tests.apps.faulty:create_occupied", place / "web.sock").returncode == 0
