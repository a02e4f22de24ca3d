"""``fleet scale``: more or fewer workers, while the others serve on."""

import json

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.operate.scale import current, planned, restored
from aiohttp_fleet.operate.scale import scale as scaled
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock


@command
@click.argument("number", type=click.IntRange(min=1))
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long the new workers may take to become ready.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON at the end.")
def scale(context: FleetContext, number: int, timeout: float, as_json: bool) -> int:
    """Run NUMBER workers: no other worker restarts, both files follow, nginx reloads. Undone when it fails."""
    before = len(context.fleet().workers)
    code, reason, steps = 0, "", list[str]()
    try:
        with (
            exclusive_lock(context.fleet(), "fleet scale"),
            Progress(abs(number - before) + 1, silent=as_json) as progress,
        ):
            _scale(context, number, timeout, progress, steps)
    except FleetError as error:
        code, reason = 1, str(error)
    except KeyboardInterrupt:
        code, reason = 130, "interrupted; everything is as it was"
    if as_json:
        report = {"done": not reason, "reason": reason, "before": before, "after": number, "steps": steps}
        click.echo(json.dumps(report, indent=2))
    elif reason:
        click.echo(f"fleet: {reason}", err=True)
    return code


def _scale(context: FleetContext, number: int, timeout: float, progress: Progress, steps: list[str]) -> None:
    """Do it, and append a line to ``steps`` for each that is done."""
    fleet = context.fleet()  # again, now that nobody else changes it
    control = supervisord_of(fleet)
    if number == len(fleet.workers):
        progress.done(f"{number} workers in supervisord.conf; nothing to change")
        return
    old = current(fleet, control)
    new = planned(old, number)
    progress.begin(f"{len(fleet.workers)} -> {number} workers")
    with restored(old, control):
        for line in scaled(old, new, control, timeout):
            steps.append(line)
            progress.done(line)
