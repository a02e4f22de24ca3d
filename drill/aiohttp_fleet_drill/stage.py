"""Where faults can be caused: on a private copy of a fleet, or on the fleet itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet_drill.faults import Fault
from aiohttp_fleet_drill.live_target import live_target
from aiohttp_fleet_drill.load import Load
from aiohttp_fleet_drill.private_copy import private_copy
from aiohttp_fleet_drill.run import Result, drill
from aiohttp_fleet_drill.target import Target


@dataclass(frozen=True)
class Stage:
    """A fleet that is ready to be drilled.

    Attributes:
        cause: causes one fault under load.
        evidence: what its logs say; nothing where they are the operator's own.
    """

    cause: Callable[[Fault], Result]
    evidence: Callable[[], str]


@contextmanager
def copied(fleet: Fleet, load: Load, user: str) -> Iterator[Stage]:
    """Use a private copy, see `private_copy`."""
    with private_copy(fleet.supervisord_conf.parent, fleet.program, user) as ground:
        yield Stage(lambda fault: drill(ground, fault, fault.act, load), ground.evidence)


@contextmanager
def itself(fleet: Fleet, load: Load, sure: bool) -> Iterator[Stage]:
    """Use the fleet itself, see `live_target`."""
    with live_target(Target(fleet.supervisord_conf, fleet.program), sure) as ground:
        yield Stage(lambda fault: drill(ground, fault, fault.here, load), lambda: "")
