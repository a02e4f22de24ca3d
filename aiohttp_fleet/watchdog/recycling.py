"""Which worker is to be recycled, and when the standby is to be refreshed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aiohttp_fleet.watchdog.arguments import Options
from aiohttp_fleet.watchdog.history import History
from aiohttp_fleet.watchdog.snapshot import FleetSnapshot, WorkerSnapshot

JITTER = 0.2
"""Part of --max-age and --max-requests by which a worker may come due earlier, so that all do not at once."""
_GOLDEN = 0.6180339887498949
_MB = 1024 * 1024


class Due(NamedTuple):
    """A worker whose turn it is, and why."""

    sight: WorkerSnapshot
    reason: str


def recycle(look: FleetSnapshot, options: Options) -> Due | None:
    """Return the worker to recycle: the oldest of those above a limit, and only while all are there to take over.

    The oldest, so that each has its turn: a busy fleet is above --max-requests again before the turn has gone round.
    """
    if not all(sight.is_well for sight in look.workers):
        return None
    above = [Due(sight, reason) for sight in look.workers for excess, reason in _excesses(sight, options) if excess > 1]
    return min(above, key=lambda due: due.sight.started, default=None)


def _excesses(sight: WorkerSnapshot, options: Options) -> Iterator[tuple[float, str]]:
    """Yield what part of each limit a worker has reached, and how to say it."""
    health = sight.health
    if health is None:
        return
    early = 1 - JITTER * _spread(sight.pid)
    if (limit := options.max_memory) is not None:
        yield health.memory / limit, f"it uses {health.memory / _MB:.0f} MB, more than {limit / _MB:.0f}"
    if (age := options.max_age) is not None:
        yield health.uptime / (age * early), f"it is {health.uptime:.0f} s old, of {age:.0f} at most"
    if (count := options.max_requests) is not None:
        yield health.requests / (count * early), f"it has answered {health.requests} requests, of {count} at most"


def _spread(pid: int) -> float:
    """Return a number from 0 to 1 that stays the same for a pid, and is far from that of its neighbours."""
    return pid * _GOLDEN % 1


def refresh(look: FleetSnapshot, pasts: Mapping[str, History], settle: float) -> Due | None:
    """Return the standby when all workers were started after it, and have been ready for ``settle`` seconds."""
    standby = look.standby
    if standby is None or not standby.is_well:
        return None
    for sight in look.workers:
        since = pasts[sight.worker.namespec].ready_since
        if sight.started <= standby.started or since is None or look.at - since < settle:
            return None
    return Due(standby, f"all workers are newer and have been ready for {settle:g} s: it takes up their code")
