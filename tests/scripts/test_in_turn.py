"""Tests of scripts/benchmark/in_turn.py."""

import subprocess
import sys
from functools import partial
from itertools import pairwise

from scripts.benchmark.in_turn import SLICE, in_turn

NOTE = """
import time
for _ in range(200):
    print(time.monotonic())
    time.sleep(0.005)
"""
"""A second of its own time."""


def _moments(number: int) -> list[tuple[float, int]]:
    """Return when a process that was started has run, each with the number of the load."""
    printed = subprocess.run([sys.executable, "-c", NOTE], capture_output=True, text=True, check=True).stdout
    return [(float(line), number) for line in printed.split()]


def test_each_load_and_what_it_starts_runs_for_a_moment_in_turn() -> None:
    """Not one after the other, and never both: they change no faster than the turns. Results are in their order."""
    loads = in_turn([partial(_moments, 1), partial(_moments, 2)])
    assert [found[0][1] for found in loads] == [1, 2]
    moments = sorted(loads[0] + loads[1])
    changes = sum(one[1] != other[1] for one, other in pairwise(moments))
    assert 2 <= changes <= (moments[-1][0] - moments[0][0]) / SLICE + 1
