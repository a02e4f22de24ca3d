"""``fleet restart``: a roll."""

import json
from dataclasses import asdict

import click

from aiohttp_fleet.act.lock import exclusive
from aiohttp_fleet.act.roll import Restarted
from aiohttp_fleet.act.rolling import plan, roll
from aiohttp_fleet.compute.order import chosen
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.verbs.progress import Progress
from aiohttp_fleet.verbs.shape import Chosen, supervisord, verb


@verb
@click.argument("names", nargs=-1, metavar="[WORKER]...")
@click.option("--check", metavar="PATH", help="GET this through each new worker's socket; below 400 is well.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long a worker may take to become ready.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON at the end.")
def restart(context: Chosen, names: tuple[str, ...], check: str | None, timeout: float, as_json: bool) -> int:
    """Restart workers one at a time; the first that fails ends it, the others stay. No request is lost."""
    fleet = context.fleet()
    workers, unknown = chosen(fleet, names)
    if unknown:
        raise click.UsageError(f"There is no worker {', '.join(unknown)}; see fleet status.")
    done: list[Restarted] = []
    with exclusive(fleet, "fleet restart"), Progress(len(workers), silent=as_json) as progress:
        try:
            todo = plan(fleet, supervisord(fleet), workers)
            for step in roll(supervisord(fleet), todo, timeout, check):
                if isinstance(step, Restarted):
                    done.append(step)
                    progress.done(_line(step), step.ok)
                else:
                    progress.begin(f"{step.name}: draining and starting")
            reason = _why(done, len(todo))
        except FleetError as error:
            reason = str(error)
    if as_json:
        rows = [asdict(step) for step in done]
        click.echo(json.dumps({"done": not reason, "reason": reason, "workers": rows}, indent=2))
    elif reason:
        for line in done[-1].log if done else ():
            click.echo(f"  {line}", err=True)
        click.echo(f"fleet: {reason}", err=True)
    return 1 if reason else 0


def _line(step: Restarted) -> str:
    if not step.ok:
        return f"{step.name}: {step.reason}"
    times = f"drained in {step.drained:.1f} s, ready in {step.started:.1f} s"
    return f"{step.name}: {times}, pid {step.old_pid} -> {step.new_pid}"


def _why(done: list[Restarted], count: int) -> str:
    """Say why the roll ended before its end; empty when it did not."""
    if not done or done[-1].ok:
        return ""
    left = count - len(done)
    others = f"the other {left} were not touched" if left else "it was the last"
    return f"{done[-1].name}: {done[-1].reason}; {others}; mend it, then run fleet restart again"
