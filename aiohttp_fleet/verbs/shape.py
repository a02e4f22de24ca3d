"""What all verbs share: which fleet they are about, and how a wrong answer looks."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.read.find import find
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.read.supervisord import read


@dataclass(frozen=True)
class Chosen:
    """The fleet that a verb is about.

    Attributes:
        config: supervisord.conf as given, None to look for it.
        program: name of the program.
    """

    config: Path | None
    program: str

    def fleet(self) -> Fleet:
        """Read it, see `aiohttp_fleet.read.supervisord.read`."""
        return read(find(self.config), self.program)


def supervisord(fleet: Fleet) -> Supervisord:
    """Return the supervisord that runs it, or should."""
    return Supervisord(fleet.control_socket, fleet.supervisord_conf)


def verb(function: Callable[..., int]) -> click.Command:
    """Make a verb of a function that takes a `Chosen` and options and returns an exit code."""
    return click.command()(click.pass_obj(function))
