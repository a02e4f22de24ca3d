"""What all commands share: the fleet they are about, their output, their options, and how an error is reported."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import click

from aiohttp_fleet.common import findings
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.output import Output
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import locate_conf, read_fleet
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of

__all__ = ["FleetContext", "command", "report", "supervisord_of"]

INTERRUPTED = 130
"""Exit code after Ctrl-C, SIGTERM or SIGHUP: 128 + SIGINT."""


@dataclass(frozen=True)
class FleetContext:
    """The fleet that a command is about, and where it prints.

    Attributes:
        config: supervisord.conf as given, None to look for it.
        program: name of the program.
        output: what the command prints.
    """

    config: Path | None
    program: str
    output: Output = field(default_factory=lambda: Output(False))

    def fleet(self) -> Fleet:
        """Read it, see `aiohttp_fleet.config.supervisord_conf.read_fleet`."""
        return read_fleet(locate_conf(self.config), self.program)

    def require(self, found: Iterable[findings.Finding]) -> None:
        """Report findings: warnings are printed, all are in the JSON report.

        Raises:
            FleetError: there are failures.
        """
        found = list(found)
        self.output.add_findings(found)
        findings.require(found)


def command(function: Callable[..., int], kind: type[click.Command] = click.Command) -> click.Command:
    """Make a command of a function that takes a `FleetContext` and options and returns an exit code.

    It accepts ``--json``, and the options of the group after its name as well.

    Args:
        function: the function.
        kind: of command.
    """

    @functools.wraps(function)
    def run(config: Path | None, program: str | None, as_json: bool, **options: object) -> int:
        click_context = click.get_current_context()
        given: FleetContext = click_context.obj
        context = FleetContext(config or given.config, program or given.program, Output(as_json))
        try:
            code = function(context, **options)
        except (FleetError, click.ClickException, click.Abort, KeyboardInterrupt) as error:
            return report(error, str(click_context.info_name), context.output)
        context.output.end(str(click_context.info_name), code)
        return code

    made = click.command(cls=kind)(run)
    made.params += [
        click.Option(["-c", "--config"], type=click.Path(path_type=Path), hidden=True),
        click.Option(["--program"], hidden=True),
        click.Option(["--json", "as_json"], is_flag=True, help='Print one JSON report ("fleet help json").'),
    ]
    return made


def report(error: BaseException, name: str, output: Output) -> int:
    """Report what ended a command: one line on stderr, or the error of the JSON report.

    Args:
        error: a FleetError, an error of click's, or KeyboardInterrupt, whose text says what was left how.
        name: of the command.
        output: of the command.

    Returns:
        The exit code.
    """
    if isinstance(error, FleetError):
        code, failure, line = 1, error, str(error)
    elif isinstance(error, click.ClickException):
        where = name if name == "fleet" else f"fleet {name}"
        failure = FleetError(where, error.format_message().rstrip("."), f"see {where} --help")
        code, line = error.exit_code, f"{failure.reason}; {failure.next_step}"
    else:
        code, line = INTERRUPTED, str(error) or "interrupted"
        failure = FleetError(f"fleet {name}", line, "run it again")
    output.line(f"fleet: {line}", err=True)
    output.end(name, code, failure)
    return code
