"""What one look at the fleet has shown."""

from dataclasses import dataclass

from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.supervision.health import Health

UP = ("STARTING", "RUNNING")
"""supervisord's states of a process that is there and was not told to stop."""


@dataclass(frozen=True)
class WorkerSnapshot:
    """What was seen of one worker.

    Attributes:
        worker: which.
        state: supervisord's word, such as RUNNING; UNKNOWN when it knows no such process.
        pid: supervisord's, 0 for none.
        started: when supervisord started it, in seconds since the epoch.
        reason: what supervisord says of a worker that is down.
        health: its own answer, None when there is none yet, or none at all.
        silent: seconds since it was asked and has not answered; 0 when it has, or cannot be asked.
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
        """Whether it is up for good, by supervisord's measure and its own."""
        return self.state == "RUNNING" and self.health is not None and self.health.state == "ready"


@dataclass(frozen=True)
class FleetSnapshot:
    """What was seen of all at one moment.

    Attributes:
        at: when, by the monotonic clock.
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
