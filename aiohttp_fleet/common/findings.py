"""What a check has found: all of it, instead of the first thing that is wrong."""

from collections.abc import Iterable
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
    """One thing that a check has found.

    Attributes:
        level: how serious it is.
        thing: what it is about: a path, an option, a name.
        sentence: what was found.
        fix: a command or an edit that puts it right; empty where nothing is to be done.
    """

    level: Level
    thing: str
    sentence: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.thing}: {self.sentence}" + (f"; {self.fix}" if self.fix else "")


def require(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are no failures.

    Raises:
        FleetError: there are failures; all of them are in its lines.
    """
    found = list(findings)
    failed = [finding for finding in found if finding.level is Level.FAIL]
    if failed:
        first, *others = failed
        more = "".join(f"\n  {finding}" for finding in others)
        raise FleetError(first.thing, first.sentence, first.fix + more)
    return found
