"""Tests of scripts/benchmark/in_turn.py."""

import subprocess
import sys
from functools import partial

from scripts.benchmark.in_turn import SLICE, in_turn
from scripts.benchmark.load import Load

NOTE = """
import time
end = time.monotonic() + 1
while time.monotonic() < end:
    print(time.monotonic())
    time.sleep(0.005)
"""


def _moments(number: int) -> Load:
    """Run a process that notes when it runs; as rps the number of the load, as failed how often it was stopped."""
    printed = subprocess.run([sys.executable, "-c", NOTE], capture_output=True, text=True, check=True).stdout
    moments = [float(line) for line in printed.split()]
    stops = sum(later - earlier > SLICE / 2 for earlier, later in zip(moments, moments[1:], strict=False))
    return Load(number, 0, 0, 0, len(moments), stops)


def test_each_load_and_what_it_starts_runs_for_a_moment_in_turn() -> None:
    """Results are in the order of the loads."""
    loads = in_turn([partial(_moments, 1), partial(_moments, 2)])
    assert [load.rps for load in loads] == [1, 2]
    assert all(load.failed >= 3 for load in loads)
