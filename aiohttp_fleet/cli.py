"""``fleet``: the operator's command."""

import signal
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.reload_command import reload
from aiohttp_fleet.nginx.render_command import render
from aiohttp_fleet.nginx.static.command import static
from aiohttp_fleet.operate.restart_command import restart
from aiohttp_fleet.operate.scale_command import scale
from aiohttp_fleet.operate.status_command import status
from aiohttp_fleet.setup.boot_command import boot
from aiohttp_fleet.setup.init_command import init
from aiohttp_fleet.supervision.command import INTERRUPTED, FleetContext
from aiohttp_fleet.tls.command import tls

COMMANDS = "aiohttp_fleet.commands"
"""Entry points by which other packages add a command (https://packaging.python.org/specifications/entry-points/)."""
PACKAGES = {"drill": "aiohttp-fleet-drill"}
"""Commands that are packages of their own."""


class Commands(click.Group):
    """The commands of the kit, and those that other packages bring."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *entry_points(group=COMMANDS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None when there is none of that name.

        Raises:
            UsageError: the package that brings it is not installed.
        """
        if found := super().get_command(ctx, cmd_name):
            return found
        for entry in entry_points(group=COMMANDS, name=cmd_name):
            brought: click.Command = entry.load()
            return brought
        if package := PACKAGES.get(cmd_name):
            raise click.UsageError(f"fleet {cmd_name} is a package of its own: pip install {package}.")
        return None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aiohttp-fleet", message="%(package)s %(version)s")
@click.option("-c", "--config", type=click.Path(path_type=Path), help="supervisord.conf; else the nearest deploy/'s.")
@click.option("--program", default="aiohttp", show_default=True, help="Name of the workers' program.")
@click.pass_context
def fleet(context: click.Context, config: Path | None, program: str) -> None:
    """Run an aiohttp application as a fleet of workers under supervisord, behind nginx."""
    context.obj = FleetContext(config, program)


for command in (boot, init, reload, render, restart, scale, static, status, tls):
    fleet.add_command(command)


def main() -> None:
    """Run the command line; an operator's mistake is one line on stderr, never a traceback."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # the end of a connection is Ctrl-C: nothing is left half-done
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        code = fleet.main(standalone_mode=False)
    except FleetError as error:
        code = _fail(1, str(error))
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        code = _fail(error.exit_code, f"{error.format_message()} See fleet --help.")
    except (click.Abort, KeyboardInterrupt) as error:
        code = _fail(INTERRUPTED, str(error) or "interrupted")
    sys.exit(code)


def _fail(code: int, line: str) -> int:
    click.echo(f"fleet: {line}", err=True)
    return code
