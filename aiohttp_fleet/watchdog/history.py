"""What is remembered of one worker from look to look."""

from dataclasses import dataclass, replace

from aiohttp_fleet.watchdog.snapshot import UP, WorkerSnapshot

SLOW_START = 60.0
"""Seconds after which a start-up is told to hang; it is never ended for that."""


@dataclass(frozen=True)
class History:
    """What is remembered of one worker.

    Attributes:
        pid: whose past it is; another pid begins anew.
        word: its own last word on itself, such as ``ready``; empty before the first.
        ready_since: when it was first seen ready, without a break since; None while it is not.
        young_since: when it was first seen starting; None when it is not.
        is_slow: whether it has been starting for too long.
        is_failing: whether supervisord has given it up and it has not been RUNNING since.
        tried: when it was last seen given up and started again, or first seen given up.
    """

    pid: int = 0
    word: str = ""
    ready_since: float | None = None
    young_since: float | None = None
    is_slow: bool = False
    is_failing: bool = False
    tried: float = 0.0


def remember(past: History, sight: WorkerSnapshot, now: float) -> History:
    """Return what is remembered after one more look."""
    was_failing = past.is_failing
    if past.pid != sight.pid:
        past = History(sight.pid, tried=past.tried)
    word = sight.health.state if sight.health else past.word
    is_young = sight.state in UP and word in ("", "starting") and not sight.serves
    young_since = _since(past.young_since, is_young, now)
    is_failing = sight.state == "FATAL" or (was_failing and sight.state != "RUNNING")
    return replace(
        past,
        word=word,
        ready_since=_since(past.ready_since, sight.is_well, now),
        young_since=young_since,
        is_slow=young_since is not None and now - young_since >= SLOW_START,
        is_failing=is_failing,
        tried=now if is_failing and not was_failing else past.tried,
    )


def _since(before: float | None, is_so: bool, now: float) -> float | None:
    if not is_so:
        return None
    return now if before is None else before
