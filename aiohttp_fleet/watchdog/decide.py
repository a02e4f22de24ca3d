"""What to do about a snapshot: start, kill or recycle a worker, refresh the standby; and why. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from aiohttp_fleet.watchdog.arguments import Options
from aiohttp_fleet.watchdog.state import SLOW_START, UP, Action, FleetSnapshot, History, WorkerSnapshot, lasted

JITTER = 0.2
"""Part of --max-age and --max-requests by which a limit is lower, so that workers do not reach it together."""
_GOLDEN = 0.6180339887498949
"""A pid times it, modulo 1, is always the same number from 0 to 1, and far from that of the next pid."""
_MB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """What is remembered from snapshot to snapshot.

    Attributes:
        histories: by namespec.
        is_spent: whether an event has reported that the budget is used up.
    """

    histories: Mapping[str, History] = field(default_factory=dict)
    is_spent: bool = False


def decide(
    fleet: FleetSnapshot, memory: Memory, options: Options, left: int, is_busy: bool
) -> tuple[list[Action], Memory]:
    """Return what to do, and what to remember.

    Args:
        fleet: the fleet now.
        memory: what the last call returned.
        options: the command line.
        left: kills and recycles that the budget allows.
        is_busy: whether a recycle or refresh is going on, or has to wait.
    """
    actions: list[Action] = []
    limited: list[Action] = []
    histories = {}
    for snapshot in fleet.served:
        before = memory.histories.get(snapshot.worker.namespec, History())
        history = before.after(snapshot, fleet.at)
        actions += _changes(snapshot, before, history)
        if snapshot.state == "FATAL" and lasted(history.retried, fleet.at) >= options.retry:
            actions.append(Action("start", "", snapshot, "it failed"))
            history = replace(history, retried=fleet.at)
        limited += _hung(snapshot, history, options.hang)
        histories[snapshot.worker.namespec] = history
    if not is_busy and (action := recycle(fleet, options)):
        limited.append(action)
    elif not is_busy and not limited and (action := refresh(fleet, histories, options.settle)):
        actions.append(action)
    events, is_spent = _budget_events(limited, left, memory.is_spent)
    return [*actions, *events, *limited[:left]], Memory(histories, is_spent)


def _changes(snapshot: WorkerSnapshot, before: History, now: History) -> Iterator[Action]:
    """Yield an event for what has begun, and for what is over."""
    if now.is_slow and not before.is_slow:
        reason = f"it has not become ready in {SLOW_START:g} s; its log may say why"
        yield Action("notify", "slow", snapshot, reason)
    was_failing, is_failing = before.retried is not None, now.retried is not None
    if is_failing and not was_failing:
        reason = f"supervisord has given it up ({snapshot.reason}); its log says why"
        yield Action("notify", "failing", snapshot, reason)
    if was_failing and not is_failing:
        yield Action("notify", "recovered", snapshot, "it runs again")


def _hung(snapshot: WorkerSnapshot, history: History, hang: float) -> Iterator[Action]:
    """Yield a kill for a worker that was ready, was not stopped by supervisord, and does not answer."""
    was_ready = history.last_state == "ready" or (snapshot.serves and history.last_state != "draining")
    if snapshot.state in UP and was_ready and snapshot.silent >= hang:
        what = "it is stopped by a signal" if snapshot.stopped else "its event loop is blocked"
        yield Action("kill", "hung", snapshot, f"no answer for {snapshot.silent:.1f} s, {what}")


def _budget_events(limited: list[Action], left: int, was_spent: bool) -> tuple[list[Action], bool]:
    """Return one event when the budget is used up, one when it allows to act again, and whether it is used up."""
    if len(limited) > left:
        first = limited[left]
        reason = f"nothing is done, the budget is used up: {first.reason}"
        event = replace(first, kind="notify", event="budget-spent", reason=reason)
        return [] if was_spent else [event], True
    if limited and was_spent:
        reason = "the budget allows to act again"
        return [replace(limited[0], kind="notify", event="budget-free", reason=reason)], False
    return [], was_spent


def recycle(fleet: FleetSnapshot, options: Options) -> Action | None:
    """Return that of the oldest worker above a limit; None while a worker is not well.

    The oldest: a busy fleet may be above --max-requests again before all workers have been recycled once.
    """
    if not all(snapshot.is_well for snapshot in fleet.workers):
        return None
    above = [
        Action("recycle", "recycled", snapshot, reason)
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
    early = 1 - JITTER * (snapshot.pid * _GOLDEN % 1)
    if (limit := options.max_memory) is not None:
        yield health.memory / limit, f"it uses {health.memory / _MB:.0f} MB, more than {limit / _MB:.0f}"
    if (age := options.max_age) is not None:
        yield health.uptime / (age * early), f"it is {health.uptime:.0f} s old, of {age:.0f} at most"
    if (count := options.max_requests) is not None:
        yield health.requests / (count * early), f"it has answered {health.requests} requests, of {count} at most"


def refresh(fleet: FleetSnapshot, histories: Mapping[str, History], settle: float) -> Action | None:
    """Return that of the standby when all workers were started after it, and have been ready for `settle` seconds."""
    standby = fleet.standby
    if standby is None or not standby.is_well:
        return None
    for snapshot in fleet.workers:
        ready = lasted(histories[snapshot.worker.namespec].ready_since, fleet.at)
        if snapshot.started <= standby.started or ready < settle:
            return None
    reason = f"all workers are newer and have been ready for {settle:g} s: it loads their code"
    return Action("refresh", "refreshed", standby, reason)
