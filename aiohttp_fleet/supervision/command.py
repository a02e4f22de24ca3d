"""What all verbs share: which fleet they are about, and how a wrong answer looks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.locate import locate_conf
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord


@dataclass(frozen=True)
class FleetContext:
    """The fleet that a verb is about.

    Attributes:
        config: supervisord.conf as given, None to look for it.
        program: name of the program.
    """

    config: Path | None
    program: str

    def fleet(self) -> Fleet:
        """Read it, see `aiohttp_fleet.config.supervisord_conf.read`."""
        return read_fleet(locate_conf(self.config), self.program)


def supervisord_of(fleet: Fleet) -> Supervisord:
    """Return the supervisord that runs it, or should."""
    return Supervisord(fleet.control_socket, fleet.supervisord_conf)


def command(function: Callable[..., int]) -> click.Command:
    """Make a verb of a function that takes a `FleetContext` and options and returns an exit code."""
    return click.command()(click.pass_obj(function))
