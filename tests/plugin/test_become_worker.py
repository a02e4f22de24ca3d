"""Tests of aiohttp_fleet/plugin/become_worker.py, in a forked child."""

import subprocess
import sys
from pathlib import Path

PARENT = """
import gc, os, sys
from aiohttp_fleet.plugin.become_worker import run

class Cycle: pass

gc.disable()
garbage = Cycle()
garbage.itself, garbage.file = garbage, open(os.devnull)
number = garbage.file.fileno()
del garbage
if os.fork() == 0:
    run(["python", "-m", "child", str(number)], os.environ)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
CHILD = """
import gc, os, sys

while (fd := os.open(os.devnull, os.O_RDONLY)) < int(sys.argv[1]):
    pass
assert fd == int(sys.argv[1])
gc.collect()
os.fstat(fd)
"""


def test_garbage_of_supervisord_closes_no_descriptor_of_the_worker(place: Path) -> None:
    """A file object in it still has the number of a descriptor, which is now one of the worker's."""
    (place / "child.py").write_text(CHILD)
    command = [sys.executable, "-c", PARENT]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
