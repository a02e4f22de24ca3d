"""``fleet scale``: add or remove workers while the others serve."""

import click

from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.operate.scale import current, planned, restored
from aiohttp_fleet.operate.scale import scale as scaled
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock


@command
@click.argument("number", type=click.IntRange(min=1))
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long the new workers may take to become ready.")  # fmt: skip
def scale(context: FleetContext, number: int, timeout: float) -> int:
    """Run NUMBER workers: no other worker restarts, both files are updated, nginx reloads. A failure undoes it."""
    before, steps = len(context.fleet().workers), list[str]()
    context.output.add(before=before, after=number, steps=steps)
    try:
        with (
            exclusive_lock(context.fleet(), "fleet scale"),
            Progress(abs(number - before) + 1, silent=context.output.as_json) as progress,
        ):
            _scale(context, number, timeout, progress, steps)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; everything is as it was") from None
    return 0


def _scale(context: FleetContext, number: int, timeout: float, progress: Progress, steps: list[str]) -> None:
    """Scale, and append a line to `steps` for each step that is done."""
    fleet = context.fleet()  # again, now that no other command changes it
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
