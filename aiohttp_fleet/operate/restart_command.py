"""``fleet restart``: a roll."""

from dataclasses import asdict

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.nginx.static.apply import require_current
from aiohttp_fleet.operate.restart_order import select_workers
from aiohttp_fleet.operate.restart_worker import Restarted
from aiohttp_fleet.operate.rolling_restart import plan_restart, rolling_restart
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.supervision.preflight import has_preflight


@command
@click.argument("names", nargs=-1, metavar="[WORKER]...")
@click.option("--check", metavar="PATH", help="GET this through each new worker's socket; below 400 is well.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long a worker may take to become ready.")  # fmt: skip
def restart(context: FleetContext, names: tuple[str, ...], check: str | None, timeout: float) -> int:
    """Restart workers one at a time; the first that fails ends it, the others stay. No request is lost."""
    fleet = context.fleet()
    workers, unknown = select_workers(fleet, names)
    if unknown:
        raise click.UsageError(f"There is no worker {', '.join(unknown)}; see fleet status.")
    if check is not None and not check.startswith("/"):
        raise click.UsageError("--check is a path, such as /health.")
    code, reason, done = 0, "", list[Restarted]()
    try:
        with exclusive_lock(fleet, "fleet restart"), Progress(len(workers), silent=context.output.as_json) as progress:
            left = _roll(fleet, workers, timeout, check, progress, done)
        code, reason = (1, _why(done[-1], left)) if not done[-1].ok else (0, "")
    except FleetError as error:
        code, reason = 1, str(error)
    except KeyboardInterrupt:
        code, reason = 130, "interrupted; no worker is left stopped, fleet restart begins anew"
    told = _static(fleet) if not reason else ""
    context.output.add(done=not reason, reason=reason, workers=[asdict(step) for step in done])
    if reason and not context.output.as_json:
        for line in done[-1].log if done else ():
            click.echo(f"  {line}", err=True)
        click.echo(f"fleet: {reason}", err=True)
    if told:
        click.echo(f"fleet: {told}", err=True)
    return code


def _static(fleet: Fleet) -> str:
    """Say that nginx serves what the new code has no longer, or has elsewhere."""
    try:
        require_current(fleet)
    except FleetError as error:
        return str(error)
    return ""


def _roll(
    fleet: Fleet, workers: list[Worker], timeout: float, check: str | None, progress: Progress, done: list[Restarted]
) -> list[Worker]:
    """Do it, append what became of each worker to ``done``, and return those whose turn did not come."""
    progress.begin("preflight")
    if not has_preflight(workers[0]):
        progress.note("no preflight: the command is not aiohttp_fleet.worker's")
    control = supervisord_of(fleet)
    todo = plan_restart(fleet, control, workers)
    for step in rolling_restart(control, todo, timeout, check):
        if isinstance(step, Restarted):
            done.append(step)
            progress.done(_line(step), step.ok)
        else:
            progress.begin(f"{step.name}: draining and starting")
    return todo[len(done) :]


def _line(step: Restarted) -> str:
    if not step.ok:
        return f"{step.name}: {step.reason}"
    times = f"drained in {step.drained:.1f} s, ready in {step.started:.1f} s"
    return f"{step.name}: {times}, pid {step.old_pid} -> {step.new_pid}"


def _why(failed: Restarted, left: list[Worker]) -> str:
    others = f"not touched: {', '.join(worker.name for worker in left)}" if left else "it was the last"
    return f"{failed.name}: {failed.reason}; {others}; mend it, then run fleet restart again"
