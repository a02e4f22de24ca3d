"""What to do about what was seen, and why. Pure: it neither looks nor acts, and the time is in what was seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from aiohttp_fleet.watchdog import recycling
from aiohttp_fleet.watchdog.arguments import Options
from aiohttp_fleet.watchdog.history import SLOW_START, History, remember
from aiohttp_fleet.watchdog.snapshot import UP, FleetSnapshot, WorkerSnapshot


class ActionKind(StrEnum):
    """What can be done."""

    TELL = "tell"
    START = "start"
    KILL = "kill"
    RECYCLE = "recycle"
    REFRESH = "refresh"


@dataclass(frozen=True)
class Action:
    """One thing to do.

    Attributes:
        verb: what.
        event: what it is called when it is told, empty for an act that is not told.
        sight: the worker it is about.
        reason: why.
    """

    verb: ActionKind
    event: str
    sight: WorkerSnapshot
    reason: str


@dataclass(frozen=True)
class Memory:
    """What is remembered from look to look.

    Attributes:
        pasts: by namespec.
        is_spent: whether it was told that the budget is used up.
    """

    pasts: Mapping[str, History] = field(default_factory=dict)
    is_spent: bool = False


def decide(
    look: FleetSnapshot, memory: Memory, options: Options, left: int, is_busy: bool
) -> tuple[list[Action], Memory]:
    """Return what to do, and what to remember.

    Args:
        look: what is seen now.
        memory: what the last call returned.
        options: what the operator wants.
        left: kills and recycles that the budget allows.
        is_busy: whether a recycle or refresh is going on, or has to wait.
    """
    acts: list[Action] = []
    wanted: list[Action] = []
    pasts = {}
    for sight in look.served:
        before = memory.pasts.get(sight.worker.namespec, History())
        past = remember(before, sight, look.at)
        acts += _news(sight, before, past)
        if sight.state == "FATAL" and look.at - past.tried >= options.retry:
            acts.append(Action(ActionKind.START, "", sight, "it failed"))
            past = replace(past, tried=look.at)
        wanted += _hung(sight, past, options.hang)
        pasts[sight.worker.namespec] = past
    if not is_busy and (turn := recycling.recycle(look, options)):
        wanted.append(Action(ActionKind.RECYCLE, "recycled", *turn))
    elif not is_busy and not wanted and (turn := recycling.refresh(look, pasts, options.settle)):
        acts.append(Action(ActionKind.REFRESH, "refreshed", *turn))
    told, is_spent = _budget(wanted, left, memory.is_spent)
    return [*acts, *told, *wanted[:left]], Memory(pasts, is_spent)


def _news(sight: WorkerSnapshot, before: History, past: History) -> Iterator[Action]:
    """Tell what has begun, and what is over."""
    if past.is_slow and not before.is_slow:
        yield Action(
            ActionKind.TELL, "slow", sight, f"it has not become ready in {SLOW_START:g} s; its log may say why"
        )
    if past.is_failing and not before.is_failing:
        yield Action(
            ActionKind.TELL, "failing", sight, f"supervisord has given it up ({sight.reason}); its log says why"
        )
    if before.is_failing and not past.is_failing:
        yield Action(ActionKind.TELL, "recovered", sight, "it runs again")


def _hung(sight: WorkerSnapshot, past: History, hang: float) -> Iterator[Action]:
    """A worker that has been ready, was not told to stop, and says nothing any more."""
    was_ready = past.word == "ready" or (sight.serves and past.word != "draining")
    if sight.state in UP and was_ready and sight.silent >= hang:
        what = "it is stopped by a signal" if sight.stopped else "its event loop is blocked"
        yield Action(ActionKind.KILL, "hung", sight, f"no answer for {sight.silent:.1f} s, {what}")


def _budget(wanted: list[Action], left: int, was_spent: bool) -> tuple[list[Action], bool]:
    """Tell once when the budget is used up, and once when it allows to act again."""
    if len(wanted) > left:
        first = wanted[left]
        why = f"nothing is done, the budget is used up: {first.reason}"
        return [] if was_spent else [replace(first, verb=ActionKind.TELL, event="budget-spent", reason=why)], True
    if wanted and was_spent:
        return [
            replace(wanted[0], verb=ActionKind.TELL, event="budget-free", reason="the budget allows to act again")
        ], False
    return [], was_spent
