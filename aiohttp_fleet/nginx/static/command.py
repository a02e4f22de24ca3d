"""``fleet static``: nginx serves the application's static routes, for those who want it."""

from dataclasses import asdict

import click

from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.common.text_diff import unified_diff
from aiohttp_fleet.nginx.static.apply import query_routes, static_path, wanted_text, write_static
from aiohttp_fleet.supervision.command import FleetContext, command
from aiohttp_fleet.supervision.lock import exclusive_lock


@command
@click.option("--write", is_flag=True, help="Write static.conf, which nginx reads at its next reload.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when --write would change static.conf.")
@click.option("--off", is_flag=True, help="Remove static.conf: the workers serve everything.")
def static(context: FleetContext, write: bool, check: bool, off: bool) -> int:
    """Show which static routes nginx can serve in place of the workers."""
    if write + check + off > 1:
        raise click.UsageError("--write, --check and --off exclude each other.")
    fleet = context.fleet()
    path, routes = static_path(fleet), () if off else query_routes(fleet)
    for route in routes:
        context.output.line(str(route))
    old, new = read_existing(path) or "", wanted_text(fleet, routes)
    changes = unified_diff(path, old, new, "fleet static")
    context.output.add(routes=list(map(asdict, routes)), path=str(path), changed=bool(changes))
    if check:
        context.output.line(changes, newline=False)
        return 1 if changes else 0
    if write or off:
        if changes:
            with exclusive_lock(fleet, "fleet static"):
                write_static(fleet, new)
        done = "written" if new else "removed"
        context.output.line(f"{path}: {f'{done}; fleet reload' if changes else 'nothing to change'}")
    return 0
