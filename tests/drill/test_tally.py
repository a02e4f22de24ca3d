"""Tests of drill/aiohttp_fleet_drill/tally.py."""

from aiohttp_fleet_drill.tally import Failure, Tally, during, nothing, posts, repeated_posts

GET, POST = Failure(10.5, "GET", "status 502"), Failure(10.5, "POST", "status 502")
LATE = Failure(19.0, "POST", "status 502")


def test_the_worst_latency_and_the_p99_are_those_since_the_fault() -> None:
    """A latency that does not count, or is from before the fault, is left out."""
    tally = Tally([(1.0, 9.0), (2.5, None), *((2.0 + number / 1000, number / 1000) for number in range(1, 101))])
    assert tally.latency(1, since=2.0) == 0.1
    assert tally.latency(0.99, since=2.0) == 0.099
    assert tally.latency(1, since=0.0) == 9.0
    assert tally.latency(1, since=3.0) == 0.0
    assert tally.requests == 102


def test_problems_are_listed_by_kind_with_their_times() -> None:
    """Failed requests and repeated POSTs, in seconds from the fault on."""
    failed = [Failure(12.0, "POST", "status 502"), Failure(10.5, "POST", "status 502"), Failure(11.0, "GET", "reset")]
    tally = Tally([], failed, [Failure(13.0, "POST", "handled twice")])
    assert tally.reasons(10.0) == [
        "1 x GET: reset (at 1.0 s)",
        "1 x POST: handled twice (at 3.0 s)",
        "2 x POST: status 502 (at 0.5 to 2.0 s)",
    ]


def test_a_post_that_was_handled_again_is_repeated() -> None:
    """Once for each time but the first, by whichever process; those of another load do not count."""
    notes = "7.1.0 11 1.0\n7.1.1 11 1.5\n7.1.1 12 2.5\n7.1.1 12 3.5\n6.9.1 11 1.0\n6.9.1 12 2.0\n"
    assert repeated_posts(notes, "7.1.") == [Failure(at, "POST", "handled twice") for at in (2.5, 3.5)]


def test_no_request_may_fail_unless_the_fault_excuses_it() -> None:
    """Any failed request is one too many."""
    assert nothing([GET, POST], 10, 12) == [GET, POST]


def test_a_killed_worker_excuses_posts_at_that_moment_only() -> None:
    """Never a GET, never afterwards."""
    assert posts([GET, POST, LATE], 10, 12) == [GET, LATE]


def test_a_shutdown_excuses_what_is_requested_during_it() -> None:
    """And nothing before or after it."""
    assert during([GET, POST, LATE], 10, 12) == [LATE]
