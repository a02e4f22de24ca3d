"""What checks find: all problems at once, not only the first."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aiohttp_fleet.common.errors import FleetError


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One result of a check.

    Attributes:
        level: how serious it is.
        thing: what it is about: a path, an option, a name.
        sentence: what was found.
        fix: a command or an edit that solves it; empty where nothing needs to be done.
    """

    level: Level
    thing: str
    sentence: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.thing}: {self.sentence}" + (f"; {self.fix}" if self.fix else "")


def failure(thing: object, sentence: str, fix: str) -> Finding:
    """Return a finding that is a failure; the arguments are the attributes of `Finding`."""
    return Finding(Level.FAIL, str(thing), sentence, fix)


def failures_of(check: Callable[..., object], *arguments: object) -> Iterator[Finding]:
    """Yield the failure of a check that raises a FleetError; nothing if it passes.

    Args:
        check: the check.
        arguments: its arguments.
    """
    try:
        check(*arguments)
    except FleetError as error:
        yield failure(error.thing, error.reason, error.next_step)


def failed(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are failures."""
    return [finding for finding in findings if finding.level is Level.FAIL]


def require(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings if none is a failure.

    Raises:
        FleetError: there are failures; each has a line of its message.
    """
    found = list(findings)
    if failures := failed(found):
        first, *others = failures
        more = "".join(f"\n  {finding}" for finding in others)
        raise FleetError(first.thing, first.sentence, first.fix, more)
    return found
