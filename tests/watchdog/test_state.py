"""Tests of aiohttp_fleet/watchdog/state.py."""

from aiohttp_fleet.watchdog.state import WINDOW, Budget


def test_the_budget_is_what_is_left_of_the_limit() -> None:
    """Each act takes one, and never more than there is."""
    budget = Budget(2)
    assert budget.left(0) == 2
    budget = budget.spend(0)
    assert budget.left(0) == 1
    budget = budget.spend(1).spend(2)
    assert budget.left(2) == 0


def test_an_act_counts_for_five_minutes() -> None:
    """The window slides: each act comes back by itself."""
    budget = Budget(2).spend(0).spend(100)
    assert budget.left(WINDOW - 0.1) == 0
    assert budget.left(WINDOW) == 1
    assert budget.left(WINDOW + 100) == 2


def test_what_is_over_is_forgotten() -> None:
    """A watchdog runs for months."""
    budget = Budget(5)
    for hour in range(100):
        budget = budget.spend(hour * 3600.0)
    assert len(budget.spent) == 1
