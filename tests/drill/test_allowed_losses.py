"""Tests of drill/aiohttp_fleet_drill/allowed_losses.py."""

from aiohttp_fleet_drill.allowed_losses import meanwhile, nothing, posts
from aiohttp_fleet_drill.tally import Lost

GET, POST = Lost(10.5, "GET", "status 502"), Lost(10.5, "POST", "status 502")
LATE = Lost(19.0, "POST", "status 502")


def test_nothing_may_be_lost_unless_the_fault_says_so() -> None:
    """Any lost request is one too many."""
    assert nothing([GET, POST], 10, 12) == [GET, POST]


def test_a_killed_worker_may_cost_posts_at_that_moment_only() -> None:
    """Never a GET, never afterwards."""
    assert posts([GET, POST, LATE], 10, 12) == [GET, LATE]


def test_a_shutdown_may_cost_what_is_asked_meanwhile() -> None:
    """And nothing before or after it."""
    assert meanwhile([GET, POST, LATE], 10, 12) == [LATE]
