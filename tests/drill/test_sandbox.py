"""Tests of drill/aiohttp_fleet_drill/sandbox.py."""

import subprocess
import sys
from pathlib import Path

from aiohttp_fleet_drill.sandbox import end, processes

STUBBORN = "import signal, sys; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"


def test_every_process_of_a_directory_is_ended(place: Path) -> None:
    """Also one that ignores SIGTERM; no other process is."""
    command = [sys.executable, "-c", STUBBORN]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen([*command, str(place)], stdout=pipe) as inside,
        subprocess.Popen([*command, "elsewhere"], stdout=pipe) as outside,
    ):
        try:
            for process in (inside, outside):
                assert process.stdout
                process.stdout.readline()
            assert processes(place) == [inside.pid]
            end(place)
            assert processes(place) == []
            assert inside.wait(5) == -9
            assert outside.poll() is None
        finally:
            inside.kill()
            outside.kill()
