"""``fleet``: the operator's command."""

import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.output import Output, TolerantStream
from aiohttp_fleet.common.stderr_log import discard
from aiohttp_fleet.supervision.command import FleetContext, report

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

COMMANDS = {
    "boot": ("aiohttp_fleet.setup.boot_command", "Start the fleet with the machine, by systemd."),
    "help": ("aiohttp_fleet.help_command", "Print a page of the documentation."),
    "init": ("aiohttp_fleet.setup.init_command", "Write deploy/ for the project in this directory."),
    "reload": ("aiohttp_fleet.nginx.reload_command", "Reload nginx after an edit of its configuration."),
    "render": ("aiohttp_fleet.nginx.render_command", "Update nginx.conf from supervisord.conf, or compare them."),
    "restart": ("aiohttp_fleet.operate.restart_command", "Restart workers one at a time, with the new code."),
    "scale": ("aiohttp_fleet.operate.scale_command", "Change the number of workers."),
    "static": ("aiohttp_fleet.nginx.static.command", "Let nginx serve the application's static routes."),
    "status": ("aiohttp_fleet.operate.status_command", "Show what each process does, and whether it is ready."),
    "tls": ("aiohttp_fleet.tls.command", "Serve https, with a certificate from an ACME server."),
    "upgrade": (
        "aiohttp_fleet.operate.upgrade_command",
        "Replace supervisord, for another Python or kit.",
    ),
}
"""Module and help of each command; a module is imported when its command is called."""
PACKAGES = {"drill": "aiohttp-fleet-drill"}
"""Commands in packages of their own."""
ENTRY_POINTS = "aiohttp_fleet.commands"
"""Entry points by which other packages add a command (https://packaging.python.org/specifications/entry-points/)."""


class Commands(click.Group):
    """The commands of the kit, and those that other packages add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*COMMANDS, *_entry_points().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None if there is none of that name.

        Raises:
            UsageError: its package is not installed.
        """
        if cmd_name in COMMANDS:
            return cast(click.Command, getattr(import_module(COMMANDS[cmd_name][0]), cmd_name))
        for entry in _entry_points().select(name=cmd_name):
            return cast(click.Command, entry.load())
        if package := PACKAGES.get(cmd_name):
            raise click.UsageError(f"fleet {cmd_name} is a package of its own: pip install {package}.")
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for ``--help``, with whole sentences."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._help(ctx, name)) for name in self.list_commands(ctx)])

    def _help(self, ctx: click.Context, name: str) -> str:
        if name in COMMANDS:
            return COMMANDS[name][1]
        found = self.get_command(ctx, name)
        return found.get_short_help_str(200) if found else ""


def _entry_points() -> "EntryPoints":
    from importlib.metadata import entry_points  # here: it takes a fifth of the time of a command

    return entry_points(group=ENTRY_POINTS)


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aiohttp-fleet", message="%(package)s %(version)s")
@click.option(
    "-c", "--config", type=click.Path(path_type=Path), help="supervisord.conf; default: the nearest deploy/'s."
)
@click.option("--program", default="aiohttp", show_default=True, help="Name of the workers' program.")
@click.pass_context
def fleet(context: click.Context, config: Path | None, program: str) -> None:
    """Run an aiohttp application as a fleet of workers under supervisord, behind nginx."""
    context.obj = FleetContext(config, program)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        context.exit(2)


def main() -> None:
    """Run the command line; an operator's mistake is one line on stderr, never a traceback."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # the end of a connection is like Ctrl-C: commands clean up
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, signal.default_int_handler)
    sys.stdout, sys.stderr = cast(TextIO, TolerantStream(sys.stdout)), cast(TextIO, TolerantStream(sys.stderr))
    try:
        code = fleet.main(standalone_mode=False)
    except (FleetError, click.ClickException, click.Abort, KeyboardInterrupt) as error:
        where = getattr(error, "ctx", None)
        name = where.info_name if where and where.parent else "fleet"
        code = report(error, name, Output("--json" in sys.argv[1:]))
    except OSError as error:
        if error.filename is not None:
            raise
        discard(sys.stdout.fileno())  # what is left in the buffer would fail once more when Python exits
        code = report(FleetError("output", f"cannot be written ({error.strerror})", "see df"), "fleet", Output(False))
    sys.exit(code)
