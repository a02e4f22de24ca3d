"""What all commands share: the fleet that they are about, their output, and how an error looks."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.output import Output
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.locate import locate_conf
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of

__all__ = ["FleetContext", "command", "supervisord_of"]

INTERRUPTED = 130
"""Exit code after Ctrl-C, SIGTERM or SIGHUP: 128 + SIGINT."""


@dataclass(frozen=True)
class FleetContext:
    """The fleet that a command is about, and where it prints.

    Attributes:
        config: supervisord.conf as given, None to look for it.
        program: name of the program.
        output: what the command says.
    """

    config: Path | None
    program: str
    output: Output = field(default_factory=lambda: Output(False))

    def fleet(self) -> Fleet:
        """Read it, see `aiohttp_fleet.config.supervisord_conf.read_fleet`."""
        return read_fleet(locate_conf(self.config), self.program)


def command(function: Callable[..., int]) -> click.Command:
    """Make a command of a function that takes a `FleetContext` and options and returns an exit code.

    The options of the group, and ``--json``, may stand behind the command's name as well.
    """

    @functools.wraps(function)
    def run(config: Path | None, program: str | None, as_json: bool, **options: object) -> int:
        click_context = click.get_current_context()
        given: FleetContext = click_context.obj
        context = FleetContext(config or given.config, program or given.program, Output(as_json))
        try:
            code = function(context, **options)
        except (FleetError, KeyboardInterrupt) as error:
            if not as_json:
                raise
            code = 1 if isinstance(error, FleetError) else INTERRUPTED
            context.output.add(error=_described(error))
        context.output.end(str(click_context.info_name), code)
        return code

    made = click.command()(run)
    made.params += [
        click.Option(["-c", "--config"], type=click.Path(path_type=Path), hidden=True),
        click.Option(["--program"], hidden=True),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON report (docs/json.md)."),
    ]
    return made


def _described(error: FleetError | KeyboardInterrupt) -> dict[str, str]:
    if isinstance(error, FleetError):
        return {"thing": error.thing, "reason": error.reason, "next_step": error.next_step}
    return {"thing": "fleet", "reason": "interrupted", "next_step": "run it again"}
