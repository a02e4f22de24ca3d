"""Tests of aiohttp_fleet/watchdog/decide.py: what hangs, fails or is over budget."""

import pytest

from tests.watchdog.seen import Watch, health, snapshot

KILLED = [("kill", "hung", "web2")]


def test_a_fleet_that_is_well_is_left_alone() -> None:
    """However long it is watched."""
    watch = Watch()
    assert [watch.actions(seconds=30) for _ in range(10)] == [[]] * 10


def test_a_worker_that_was_ready_and_says_nothing_is_hung() -> None:
    """From --hang on, 4 s by default, not before; the reason says how long and that its loop is blocked."""
    watch = Watch()
    assert watch.actions() == []
    assert watch.actions(snapshot("web2", health=None, silent=3.9)) == []
    (act,) = watch.acts(snapshot("web2", health=None, silent=4.0))
    assert (act.kind, act.event, act.snapshot.worker.name) == KILLED[0]
    assert act.reason == "no answer for 4.0 s, its event loop is blocked"


def test_a_stopped_worker_is_hung_and_the_reason_says_so() -> None:
    """SIGSTOP is another mistake than a blocked loop."""
    watch = Watch()
    watch.acts()
    (act,) = watch.acts(snapshot("web2", health=None, silent=4.0, stopped=True))
    assert act.reason == "no answer for 4.0 s, it is stopped by a signal"


def test_a_standby_that_hangs_is_ended_too() -> None:
    """Nobody would notice before it is needed."""
    watch = Watch()
    watch.acts()
    assert watch.actions(standby=snapshot("standby", health=None, silent=5)) == [("kill", "hung", "standby")]


def test_a_worker_that_hung_before_the_watch_began_is_found_by_its_socket() -> None:
    """It has never answered this watchdog, but a socket is there only when a worker is ready."""
    assert Watch().actions(snapshot("web2", health=None, silent=4.5, serves=True)) == KILLED


def test_a_blocked_start_up_is_left_alone() -> None:
    """Imports and synchronous start-up block the loop; whether it had answered "starting" before or not."""
    watch = Watch()
    assert watch.actions(snapshot("web2", health=None, silent=30)) == []
    assert watch.actions(snapshot("web3", health=health("starting"))) == []
    assert watch.actions(snapshot("web3", health=None, silent=30)) == []


def test_a_worker_that_became_ready_unseen_and_then_hung_is_found() -> None:
    """Its last word was "starting", but its socket is there."""
    watch = Watch()
    watch.acts(snapshot("web2", health=health("starting")))
    assert watch.actions(snapshot("web2", health=None, silent=4, serves=True)) == KILLED


@pytest.mark.parametrize("state", ["STOPPING", "STOPPED", "BACKOFF", "EXITED", "FATAL", "UNKNOWN"])
def test_what_supervisord_stops_or_has_not_is_never_ended(state: str) -> None:
    """A drain has its own end, stopwaitsecs; the rest is not there."""
    watch = Watch()
    watch.acts()
    assert KILLED[0] not in watch.actions(snapshot("web2", state=state, health=None, silent=99, serves=True))


def test_a_worker_that_said_it_drains_is_never_ended() -> None:
    """Not even when it was reported by hand, so that supervisord calls it RUNNING."""
    watch = Watch()
    watch.acts(snapshot("web2", health=health("draining")))
    assert watch.actions(snapshot("web2", health=None, silent=99)) == []
    assert watch.actions(snapshot("web2", health=None, silent=99, serves=True)) == []


def test_a_new_pid_has_no_past() -> None:
    """That its predecessor was ready says nothing of it: it may be in its start-up."""
    watch = Watch()
    watch.acts()
    assert watch.actions(snapshot("web2", pid=99, health=None, silent=4)) == []


def test_a_worker_that_cannot_be_queries_is_left_alone() -> None:
    """Its control socket was deleted, or it has none: there is nothing to know."""
    watch = Watch()
    watch.acts()
    assert watch.actions(snapshot("web2", health=None), seconds=60) == []


def test_all_that_hang_are_ended_at_once() -> None:
    """They serve no one."""
    watch = Watch()
    watch.acts()
    hung = [snapshot(name, health=None, silent=4) for name in ("web1", "web2", "web3")]
    assert watch.actions(*hung) == [("kill", "hung", name) for name in ("web1", "web2", "web3")]


def test_a_start_up_that_hangs_is_reported_once() -> None:
    """After 60 s, and it is not ended; the next pid is another start-up."""
    watch = Watch()
    slow = snapshot("web2", health=health("starting"))
    silent = snapshot("web2", health=None, silent=30)
    assert watch.actions(slow) == []
    assert watch.actions(silent, seconds=59) == []
    assert watch.actions(silent, seconds=1) == [("notify", "slow", "web2")]
    assert watch.actions(silent, seconds=99) == []
    next_one = snapshot("web2", pid=99, health=health("starting"))
    assert watch.actions(next_one) == []
    assert watch.actions(next_one, seconds=60) == [("notify", "slow", "web2")]


def test_a_fatal_worker_is_reported_once_and_started_again_each_minute() -> None:
    """It fails in between, which is no news, and its recovery is."""
    watch = Watch()
    fatal = snapshot("web2", state="FATAL", pid=0, health=None, reason="Exited too quickly")
    (act,) = watch.acts(fatal)
    assert (act.kind, act.event) == ("notify", "failing")
    assert "Exited too quickly" in act.reason
    assert watch.actions(fatal, seconds=59) == []
    assert watch.actions(fatal, seconds=1) == [("start", "", "web2")]
    assert watch.actions(snapshot("web2", state="STARTING", pid=70, health=None)) == []
    assert watch.actions(snapshot("web2", state="BACKOFF", pid=0, health=None)) == []
    assert watch.actions(fatal, seconds=30) == []
    assert watch.actions(fatal, seconds=30) == [("start", "", "web2")]
    assert watch.actions(snapshot("web2", state="STARTING", pid=71)) == []
    assert watch.actions(snapshot("web2", pid=71)) == [("notify", "recovered", "web2")]
    assert watch.actions() == []


def test_what_the_operator_has_stopped_stays_stopped() -> None:
    """STOPPED is a wish, FATAL is not."""
    assert Watch().actions(snapshot("web2", state="STOPPED", pid=0, health=None), seconds=999) == []


def test_a_fatal_worker_that_is_stopped_by_hand_is_not_said_to_have_recovered() -> None:
    """Only RUNNING is a recovery."""
    watch = Watch()
    watch.acts(snapshot("web2", state="FATAL", pid=0, health=None))
    assert watch.actions(snapshot("web2", state="STOPPED", pid=0, health=None), seconds=999) == []


def test_a_used_up_budget_is_reported_once_and_so_is_its_end() -> None:
    """In between nothing is done, however often it is wanted."""
    watch = Watch(left=0)
    watch.acts()
    hung = snapshot("web2", health=None, silent=4)
    (act,) = watch.acts(hung)
    assert (act.kind, act.event) == ("notify", "budget-spent")
    assert act.reason == "nothing is done, the budget is used up: no answer for 4.0 s, its event loop is blocked"
    assert watch.actions(hung) == []
    assert watch.actions() == []
    watch.left = 1
    assert watch.actions() == []
    assert watch.actions(hung) == [("notify", "budget-free", "web2"), *KILLED]
    assert watch.actions(hung) == KILLED


def test_the_last_of_the_budget_goes_to_the_first() -> None:
    """The others wait, and that is reported."""
    watch = Watch(left=1)
    watch.acts()
    hung = [snapshot(name, health=None, silent=4) for name in ("web2", "web3")]
    assert watch.actions(*hung) == [("notify", "budget-spent", "web3"), *KILLED]


def test_a_fatal_worker_is_started_whatever_the_budget() -> None:
    """A start ends nothing."""
    watch = Watch(left=0)
    fatal = snapshot("web2", state="FATAL", pid=0, health=None)
    watch.acts(fatal)
    assert watch.actions(fatal, seconds=60) == [("start", "", "web2")]
