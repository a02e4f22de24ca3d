"""Tests of aiohttp_fleet/common/processes.py, on real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aiohttp_fleet.common import processes
from tests.wait import until

WAITS = [sys.executable, "-c", "input()"]


def test_a_zombie_does_not_run() -> None:
    """Its entry in /proc stays until its parent reaps it, which in some containers no process does."""
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as process:
        assert processes.is_running(process.pid)
        assert process.stdin
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert Path(f"/proc/{process.pid}").exists()
        assert not processes.is_running(process.pid)
    assert not processes.is_running(process.pid)
    assert (processes.parent(process.pid), processes.title(process.pid)) == (0, b"")


def test_parent_children_and_stop_are_the_kernels(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """A kernel without a list of children is asked for each process's parent."""
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as process:
        assert processes.parent(process.pid) == os.getpid()
        assert process.pid in processes.children(os.getpid())
        process.send_signal(signal.SIGSTOP)
        until("it to stop", lambda: processes.is_stopped(process.pid))
        process.send_signal(signal.SIGCONT)
        until("it to go on", lambda: not processes.is_stopped(process.pid))
        for pid in (os.getpid(), process.pid):
            (place / str(pid)).mkdir()
            (place / str(pid) / "stat").write_text(Path(f"/proc/{pid}/stat").read_text())
        monkeypatch.setattr(processes, "PROC", place)
        assert processes.children(os.getpid()) == {process.pid}
