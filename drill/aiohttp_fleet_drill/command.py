"""``fleet drill``: the proof that nothing is lost."""

from dataclasses import asdict

import click

from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.supervision.command import FleetContext, command
from aiohttp_fleet_drill.faults import FAULTS, Fault
from aiohttp_fleet_drill.load import Load
from aiohttp_fleet_drill.run import Result
from aiohttp_fleet_drill.stage import copied, itself

ROW = "{:<17}{:>9}{:>7}{:>9}{:>10}{:>14}  {}"


@command
@click.argument("names", nargs=-1, metavar="[FAULT]...")
@click.option("--clients", type=click.IntRange(1, 4000), default=64, show_default=True, help="Kept-alive clients.")
@click.option("--rate", type=click.FloatRange(min=0), default=1500.0, show_default=True,
              help="Requests a second of all together; 0 for as many as go.")  # fmt: skip
@click.option("--user", default="nobody", show_default=True, help="Who the copy's workers become under root.")
@click.option("--here", is_flag=True, help="Drill the running fleet itself, as far as any application stands it.")
@click.option("--get", metavar="PATH", help="With --here: the path to GET.  [default: /]")
@click.option("--post", metavar="PATH", help="With --here: a path to POST 500 bytes to in turn; without, GET only.")
@click.option("--yes", is_flag=True, help="With --here: even when it serves others.")
@click.option("--list", "listed", is_flag=True, help="List the faults and cause none.")
def drill(
    context: FleetContext, names: tuple[str, ...], clients: int, rate: float, user: str,
    here: bool, get: str | None, post: str | None, yes: bool, listed: bool,
) -> int:  # fmt: skip
    """Run a private copy of the fleet, put load on it, and cause one fault after the other.

    The copy has sockets, port, logs and application of its own; the running fleet is touched with --here only.
    """
    if not here and (get or post or yes):
        raise click.UsageError("--get, --post and --yes go with --here.")
    if any(path and not path.startswith("/") for path in (get, post)):
        raise click.UsageError("--get and --post are paths, such as /health.")
    faults = _chosen(names, here)
    if listed:
        for fault in faults:
            click.echo(f"{fault.name:<17}{fault.sentence}")
        return 0
    load = Load(clients, rate, get or "/", post) if here else Load(clients, rate)
    fleet, results = context.fleet(), list[Result]()
    with Progress(len(faults), silent=context.output.as_json) as progress:
        progress.note(ROW.format("fault", "requests", "lost", "p99", "worst", "recovered in", "verdict"))
        with itself(fleet, load, yes) if here else copied(fleet, load, user) as stage:
            for fault in faults:
                progress.begin(f"{fault.name}: {fault.sentence}")
                results.append(stage.cause(fault))
                _show(progress, results[-1])
            evidence = stage.evidence()
    failed = [result.name for result in results if result.verdict == "failed"]
    context.output.add(faults=[asdict(result) for result in results])
    if failed and not context.output.as_json:
        click.echo(evidence, err=True, nl=bool(evidence))
        click.echo(f"fleet: drill: not as it should be: {', '.join(failed)}", err=True)
    return 1 if failed else 0


def _chosen(names: tuple[str, ...], here: bool) -> list[Fault]:
    """Return the faults of these names; without names, all that can be caused there."""
    known = {fault.name: fault for fault in FAULTS}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"There is no fault {', '.join(unknown)}; see fleet drill --list.")
    return [fault for fault in FAULTS if (fault.name in names if names else fault.here or not here)]


def _show(progress: Progress, result: Result) -> None:
    times = f"{result.usual * 1000:.0f} ms", f"{result.worst * 1000:.0f} ms", f"{result.recovered:.1f} s"
    if result.verdict == "skipped":
        progress.done(f"{result.name:<17}skipped: {result.reasons[0]}")
        return
    row = ROW.format(result.name, result.requests, result.lost, *times, result.verdict)
    progress.done(row, result.verdict == "ok")
    for reason in result.reasons:
        progress.note(f"    {reason}")
