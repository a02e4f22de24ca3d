"""Tests of recycling and refreshing in aiohttp_fleet/watchdog/decide.py."""

import pytest

from aiohttp_fleet.watchdog.decide import JITTER
from tests.watchdog.seen import Watch, health, snapshot

MB = 1024 * 1024
FAT = snapshot("web2", health=health(memory=501 * MB))
RECYCLED = [("recycle", "recycled", "web2")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--max-memory=500MB"], "it uses 501 MB, more than 500"),
        (["--max-age=1h"], "it is 3601 s old, of 3600 at most"),
        (["--max-requests=100000"], "it has answered 100001 requests, of 100000 at most"),
    ],
)
def test_a_worker_over_a_limit_is_recycled_and_the_reason_names_it(arguments: list[str], reason: str) -> None:
    """Each limit by itself; the standby has none."""
    over = health(memory=501 * MB, uptime=3601.0, requests=100_001)
    watch = Watch(*arguments)
    (act,) = watch.acts(snapshot("web2", health=over), standby=snapshot("standby", health=over))
    assert (str(act.kind), act.event, act.snapshot.worker.name) == RECYCLED[0]
    assert act.reason == reason


def test_without_a_limit_no_one_is_recycled() -> None:
    """All three are off by default."""
    over = health(memory=10**12, uptime=1e9, requests=10**12)
    assert Watch().actions(snapshot("web2", health=over)) == []


def test_workers_come_pending_one_after_the_other() -> None:
    """Forked at once, asked evenly: each has another limit, never above the one that was given, at most 20 % below."""
    watch = Watch("--max-requests=1000")
    young = [snapshot(name, health=health(requests=0)) for name in ("web1", "web2", "web3")]
    pending: dict[int, int] = {}
    for requests in range(790, 1002):
        for number in range(1, 9):
            seen = snapshot(f"web{number}", pid=4000 + number, health=health(requests=requests))
            if watch.actions(*young, seen):
                pending.setdefault(number, requests)
    assert len(set(pending.values())) == 8
    assert min(pending.values()) > 1000 * (1 - JITTER)
    assert max(pending.values()) <= 1001


def test_one_at_a_time() -> None:
    """Of two that need it the older one, however little it is above its limit; and none while a restart runs."""
    watch = Watch("--max-memory=500MB")
    fat = [
        snapshot("web1", started=200, health=health(memory=900 * MB)),
        snapshot("web2", started=100, health=health(memory=501 * MB)),
    ]
    assert watch.actions(*fat) == RECYCLED
    watch.is_busy = True
    assert watch.actions(*fat) == []


@pytest.mark.parametrize(
    "other",
    [
        snapshot("web3", health=None),
        snapshot("web3", health=None, silent=0.5),
        snapshot("web3", health=health("starting")),
        snapshot("web3", health=health("draining")),
        snapshot("web3", state="STARTING"),
        snapshot("web3", state="STOPPED", pid=0, health=None),
        snapshot("web3", state="FATAL", pid=0, health=None),
        snapshot("web3", state="UNKNOWN", pid=0, health=None),
    ],
)
def test_no_one_is_recycled_while_another_is_not_ready(other: object) -> None:
    """Not even one that an operator has stopped: two must never be away at once."""
    watch = Watch("--max-memory=500MB")
    assert RECYCLED[0] not in watch.actions(FAT, other)  # type: ignore[arg-type]


def test_a_worker_that_hangs_is_not_recycled_but_ended() -> None:
    """It would not drain."""
    watch = Watch("--max-memory=500MB")
    watch.is_busy = True
    watch.acts(FAT)
    watch.is_busy = False
    assert watch.actions(snapshot("web2", health=None, silent=4)) == [("kill", "hung", "web2")]


def test_the_budget_holds_for_recycles() -> None:
    """A leak that fills the memory at once must not keep the fleet restarting."""
    watch = Watch("--max-memory=500MB", left=0)
    assert watch.actions(FAT) == [("notify", "budget-spent", "web2")]
    assert watch.actions(FAT) == []


def _newer(*without: str) -> list:  # type: ignore[type-arg]
    return [snapshot(name, started=200) for name in ("web1", "web2", "web3") if name not in without]


def test_the_standby_is_refreshed_when_all_workers_are_newer_and_have_settled() -> None:
    """Ready for --settle seconds, 60 by default, each of them."""
    watch = Watch()
    assert watch.actions(*_newer()) == []
    assert watch.actions(*_newer(), seconds=59) == []
    assert watch.actions(*_newer(), seconds=1) == [("refresh", "refreshed", "standby")]
    fresh = snapshot("standby", started=300)
    assert watch.actions(*_newer(), seconds=99, standby=fresh) == []


def test_one_older_worker_keeps_the_standby() -> None:
    """The new code has not proved itself everywhere; started in the same second is not newer."""
    watch = Watch()
    watch.acts(*_newer("web2"))
    assert watch.actions(*_newer("web2"), seconds=999) == []


def test_a_worker_that_was_not_ready_for_a_moment_begins_to_settle_again() -> None:
    """The new code crashes now and then: that is not well."""
    watch = Watch()
    watch.acts(*_newer())
    watch.acts(*_newer("web2"), snapshot("web2", started=200, health=None), seconds=59)
    assert watch.actions(*_newer(), seconds=1) == []
    assert watch.actions(*_newer(), seconds=59) == []
    assert watch.actions(*_newer(), seconds=1) == [("refresh", "refreshed", "standby")]


def test_a_worker_with_a_new_pid_begins_to_settle_again() -> None:
    """It may have been down between two snapshots."""
    watch = Watch()
    watch.acts(*_newer())
    again = snapshot("web2", pid=99, started=250)
    assert watch.actions(*_newer("web2"), again, seconds=60) == []


def test_the_standby_is_not_refreshed_meanwhile() -> None:
    """While a restart is going on, a worker is pending or hangs, or the standby itself is not well."""
    watch = Watch("--max-memory=500MB")
    watch.acts(*_newer())
    watch.is_busy = True
    assert watch.actions(*_newer(), seconds=99) == []
    watch.is_busy = False
    assert watch.actions(*_newer(), standby=snapshot("standby", health=None)) == []
    fat = snapshot("web2", started=200, health=health(memory=501 * MB))
    assert watch.actions(*_newer("web2"), fat) == RECYCLED


def test_a_budget_that_is_used_up_does_not_keep_the_standby_old() -> None:
    """A refresh happens once for each deploy: it is no loop."""
    watch = Watch(left=0)
    watch.acts(*_newer())
    assert watch.actions(*_newer(), seconds=60) == [("refresh", "refreshed", "standby")]
