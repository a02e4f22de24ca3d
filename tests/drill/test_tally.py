"""Tests of drill/aiohttp_fleet_drill/tally.py."""

from aiohttp_fleet_drill.tally import Lost, Tally


def test_the_worst_and_the_usual_latency_are_those_since_the_fault() -> None:
    """What does not count, and what was before, is left out."""
    tally = Tally([(1.0, 9.0), (2.5, None), *((2.0 + number / 1000, number / 1000) for number in range(1, 101))])
    assert tally.latency(1, since=2.0) == 0.1
    assert tally.latency(0.99, since=2.0) == 0.099
    assert tally.latency(1, since=0.0) == 9.0
    assert tally.latency(1, since=3.0) == 0.0
    assert tally.requests == 102


def test_losses_are_told_by_kind_with_their_times() -> None:
    """Seconds from the fault on."""
    tally = Tally([], [Lost(12.0, "POST", "status 502"), Lost(10.5, "POST", "status 502"), Lost(11.0, "GET", "reset")])
    assert tally.reasons(10.0) == ["1 x GET: reset (at 1.0 s)", "2 x POST: status 502 (at 0.5 to 2.0 s)"]
