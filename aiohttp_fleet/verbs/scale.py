"""``fleet scale``: more or fewer workers, while the others serve on."""

import json

import click

from aiohttp_fleet.act.lock import exclusive
from aiohttp_fleet.act.scale import current, restored
from aiohttp_fleet.act.scale import scale as scaled
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.verbs.progress import Progress
from aiohttp_fleet.verbs.shape import Chosen, supervisord, verb


@verb
@click.argument("number", type=click.IntRange(min=1))
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long the new workers may take to become ready.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON at the end.")
def scale(context: Chosen, number: int, timeout: float, as_json: bool) -> int:
    """Run NUMBER workers: no other worker restarts, both files follow, nginx reloads. Undone when it fails."""
    before = len(context.fleet().workers)
    reason = ""
    with exclusive(context.fleet(), "fleet scale"), Progress(abs(number - before) + 1, silent=as_json) as progress:
        fleet = context.fleet()
        control = supervisord(fleet)
        try:
            if number != len(fleet.workers):
                old = current(fleet, control)
                with restored(fleet, control, old):
                    for line in scaled(fleet, control, old, number, timeout):
                        progress.done(line)
        except FleetError as error:
            reason = str(error)
    if as_json:
        click.echo(json.dumps({"done": not reason, "reason": reason, "before": before, "after": number}))
    elif reason:
        click.echo(f"fleet: {reason}", err=True)
    elif number == before:
        click.echo(f"{number} workers run; nothing to change")
    return 1 if reason else 0
