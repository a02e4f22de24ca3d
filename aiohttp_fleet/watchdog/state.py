"""What the watchdog knows: the fleet at one moment, what is remembered of each worker, actions, the budget. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.supervision.control_client import Health

UP = ("STARTING", "RUNNING")
"""supervisord's states of a process that runs and was not stopped."""
SLOW_START = 60.0
"""Seconds after which a start-up is reported as slow; it is never ended for that."""
WINDOW = 300.0
"""Seconds that an action counts against the budget."""


@dataclass(frozen=True)
class WorkerSnapshot:
    """One worker at one moment.

    Attributes:
        worker: the worker.
        state: supervisord's state, such as RUNNING; UNKNOWN when it knows no such process.
        pid: supervisord's, 0 for none.
        started: when supervisord started it, in seconds since the epoch.
        reason: what supervisord says of a worker that is down.
        health: the answer of its control socket, None when there is none, or none yet.
        silent: seconds since a question that it has not answered; 0 when there is none.
        serves: whether a silent worker's socket is there, so that nginx sends it requests.
        stopped: whether a silent worker is stopped by a signal.
    """

    worker: Worker
    state: str
    pid: int = 0
    started: int = 0
    reason: str = ""
    health: Health | None = None
    silent: float = 0.0
    serves: bool = False
    stopped: bool = False

    @property
    def is_well(self) -> bool:
        """Whether both supervisord and its control socket say that it serves."""
        return self.state == "RUNNING" and self.health is not None and self.health.state == "ready"


@dataclass(frozen=True)
class FleetSnapshot:
    """All workers at one moment.

    Attributes:
        at: the moment, by the monotonic clock.
        workers: in the order of their numbers.
        standby: None where there is none.
    """

    at: float
    workers: tuple[WorkerSnapshot, ...]
    standby: WorkerSnapshot | None

    @property
    def served(self) -> tuple[WorkerSnapshot, ...]:
        """The workers, then the standby where there is one."""
        return (*self.workers, self.standby) if self.standby else self.workers


@dataclass(frozen=True)
class Action:
    """One thing to do.

    Attributes:
        kind: what.
        event: the name of its event, empty for an action without one.
        snapshot: the worker it is about.
        reason: why.
    """

    kind: Literal["notify", "start", "kill", "recycle", "refresh"]
    event: str
    snapshot: WorkerSnapshot
    reason: str


@dataclass(frozen=True)
class History:
    """What is remembered of one worker.

    Attributes:
        pid: of the process it is about; a new pid has no history.
        last_state: the last state that its control socket has reported, such as ``ready``; empty before the first.
        ready_since: since when it has been ready without a break; None while it is not.
        starting_since: since when it has been starting; None when it is not.
        is_slow: whether it has been starting for too long.
        retried: when it was last started again after supervisord had given it up, or when that was first seen; None
            unless supervisord has given it up and it has not been RUNNING since.
    """

    pid: int = 0
    last_state: str = ""
    ready_since: float | None = None
    starting_since: float | None = None
    is_slow: bool = False
    retried: float | None = None

    def after(self, snapshot: WorkerSnapshot, now: float) -> "History":
        """Return the history after one more snapshot."""
        old = self if self.pid == snapshot.pid else History(snapshot.pid, retried=self.retried)
        last_state = snapshot.health.state if snapshot.health else old.last_state
        is_starting = snapshot.state in UP and last_state in ("", "starting") and not snapshot.serves
        starting_since = _since(old.starting_since, is_starting, now)
        is_failing = snapshot.state == "FATAL" or (old.retried is not None and snapshot.state != "RUNNING")
        return replace(
            old,
            last_state=last_state,
            ready_since=_since(old.ready_since, snapshot.is_well, now),
            starting_since=starting_since,
            is_slow=lasted(starting_since, now) >= SLOW_START,
            retried=_since(old.retried, is_failing, now),
        )


def lasted(since: float | None, now: float) -> float:
    """Return for how many seconds something has been so; 0 when it is not."""
    return 0.0 if since is None else now - since


def _since(before: float | None, holds: bool, now: float) -> float | None:
    if not holds:
        return None
    return now if before is None else before


@dataclass(frozen=True)
class Budget:
    """At most so many actions in any five minutes, so that the watchdog never restarts everything in a loop.

    Attributes:
        limit: how many.
        spent: when they were done, by the monotonic clock.
    """

    limit: int
    spent: tuple[float, ...] = ()

    def left(self, now: float) -> int:
        """Return how many more are allowed now."""
        return max(self.limit - len(self._recent(now)), 0)

    def spend(self, now: float) -> "Budget":
        """Return the budget after one more action."""
        return Budget(self.limit, (*self._recent(now), now))

    def _recent(self, now: float) -> tuple[float, ...]:
        return tuple(at for at in self.spent if now - at < WINDOW)
