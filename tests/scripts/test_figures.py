"""Tests of scripts/benchmark/figures.py."""

import math

from scripts.benchmark.figures import Measured, summary
from scripts.benchmark.load import Load


def _measured(rps: float, p99: float = 1.0, failed: int = 0) -> Measured:
    return Measured(Load(rps, 0.5, p99, 2.0, 100, failed), app=20.0, nginx=10.0)


def test_a_ratio_is_of_one_round_and_the_median_of_all() -> None:
    """A slow round of the machine slows both, and so changes no ratio."""
    ours = [_measured(100), _measured(20), _measured(300)]
    theirs = [_measured(50), _measured(10), _measured(100)]
    found = summary("hello", 64, "other", ours, theirs)
    assert (found.rps_ratio, found.rps, found.cpu_ratio) == (2.0, 50, 1.0)


def test_what_failed_is_counted_in_all_rounds() -> None:
    """A median would hide it."""
    found = summary("hello", 64, "other", [_measured(1)] * 3, [_measured(1, failed=n) for n in (0, 0, 7)])
    assert found.failed == 7


def test_a_peer_that_answers_nothing_has_no_ratio() -> None:
    """Nothing is divided by it."""
    assert math.isnan(summary("hello", 64, "other", [_measured(1)], [_measured(0)]).rps_ratio)


def test_the_interval_of_a_ratio_narrows_with_more_rounds() -> None:
    """Three rounds say little; of a hundred, ten on each side of the middle."""
    few, many = [_measured(100 + n) for n in range(3)], [_measured(100 + n) for n in range(100)]
    assert summary("hello", 64, "other", few, [_measured(100)] * 3).rps_between == (1.0, 1.02)
    assert summary("hello", 64, "other", many, [_measured(100)] * 100).rps_between == (1.4, 1.59)
