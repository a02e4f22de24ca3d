"""Which worker is to be recycled, and when the standby is to be refreshed. Pure."""

from collections.abc import Iterator, Mapping

from aiohttp_fleet.watchdog.arguments import Options
from aiohttp_fleet.watchdog.state import Action, ActionKind, FleetSnapshot, History, WorkerSnapshot

JITTER = 0.2
"""Part of --max-age and --max-requests by which a limit is lower, so that workers do not reach it together."""
_GOLDEN = 0.6180339887498949
_MB = 1024 * 1024


def recycle(fleet: FleetSnapshot, options: Options) -> Action | None:
    """Return that of the oldest worker above a limit; None while a worker is not well.

    The oldest: a busy fleet may be above --max-requests again before all workers have been recycled once.
    """
    if not all(snapshot.is_well for snapshot in fleet.workers):
        return None
    above = [
        Action(ActionKind.RECYCLE, "recycled", snapshot, reason)
        for snapshot in fleet.workers
        for excess, reason in _excesses(snapshot, options)
        if excess > 1
    ]
    return min(above, key=lambda action: action.snapshot.started, default=None)


def _excesses(snapshot: WorkerSnapshot, options: Options) -> Iterator[tuple[float, str]]:
    """Yield the part of each limit that a worker has reached, and the sentence for it."""
    health = snapshot.health
    if health is None:
        return
    early = 1 - JITTER * _spread(snapshot.pid)
    if (limit := options.max_memory) is not None:
        yield health.memory / limit, f"it uses {health.memory / _MB:.0f} MB, more than {limit / _MB:.0f}"
    if (age := options.max_age) is not None:
        yield health.uptime / (age * early), f"it is {health.uptime:.0f} s old, of {age:.0f} at most"
    if (count := options.max_requests) is not None:
        yield health.requests / (count * early), f"it has answered {health.requests} requests, of {count} at most"


def _spread(pid: int) -> float:
    """Return a number from 0 to 1 that is always the same for a pid, and far from that of the next pid."""
    return pid * _GOLDEN % 1


def refresh(fleet: FleetSnapshot, histories: Mapping[str, History], settle: float) -> Action | None:
    """Return that of the standby when all workers were started after it, and have been ready for `settle` seconds."""
    standby = fleet.standby
    if standby is None or not standby.is_well:
        return None
    for snapshot in fleet.workers:
        since = histories[snapshot.worker.namespec].ready_since
        if snapshot.started <= standby.started or since is None or fleet.at - since < settle:
            return None
    reason = f"all workers are newer and have been ready for {settle:g} s: it loads their code"
    return Action(ActionKind.REFRESH, "refreshed", standby, reason)
