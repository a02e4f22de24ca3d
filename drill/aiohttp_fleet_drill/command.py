"""``fleet drill``: the proof that no request fails."""

from dataclasses import asdict

import click

from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.supervision.command import FleetContext, command
from aiohttp_fleet_drill.faults import FAULTS, Fault
from aiohttp_fleet_drill.load import Load
from aiohttp_fleet_drill.run import Result, drill_copy, drill_live

ROW = "{:<17}{:>9}{:>8}{:>10}{:>9}{:>10}{:>14}  {}"


@command
@click.argument("names", nargs=-1, metavar="[FAULT]...")
@click.option("--clients", type=click.IntRange(1, 4000), default=64, show_default=True, help="Keep-alive clients.")
@click.option("--rate", type=click.FloatRange(min=0), default=1500.0, show_default=True,
              help="Requests a second of all clients together; 0 for as many as possible.")  # fmt: skip
@click.option("--user", default="nobody", show_default=True, help="The user of the copy's workers, as root.")
@click.option(
    "--live", is_flag=True, help="Drill the running fleet itself, with the faults that any application stands."
)
@click.option("--get", metavar="PATH", help="With --live: the path to GET.  [default: /]")
@click.option("--post", metavar="PATH", help="With --live: a path to POST 500 bytes to in turn; without, GET only.")
@click.option("--yes", is_flag=True, help="With --live: even when the fleet serves other clients.")
@click.option("--list", "listed", is_flag=True, help="List the faults and cause none.")
def drill(
    context: FleetContext, names: tuple[str, ...], clients: int, rate: float, user: str,
    live: bool, get: str | None, post: str | None, yes: bool, listed: bool,
) -> int:  # fmt: skip
    """Run a private copy of the fleet, put load on it, and cause one fault after the other.

    The copy has its own sockets, port, logs and application; the running fleet is drilled with --live only.
    """
    if not live and (get or post or yes):
        raise click.UsageError("--get, --post and --yes go with --live.")
    if any(path and not path.startswith("/") for path in (get, post)):
        raise click.UsageError("--get and --post are paths, such as /health.")
    faults = _chosen(names, live)
    if listed:
        for fault in faults:
            click.echo(f"{fault.name:<17}{fault.sentence}")
        return 0
    load = Load(clients, rate, get or "/", post) if live else Load(clients, rate)
    fleet, results = context.fleet(), list[Result]()
    with Progress(len(faults), silent=context.output.as_json) as progress:
        progress.note(ROW.format("fault", "requests", "failed", "repeated", "p99", "worst", "recovered in", "verdict"))
        with drill_live(fleet, load, yes) if live else drill_copy(fleet, load, user) as drilled:
            for fault in faults:
                progress.begin(f"{fault.name}: {fault.sentence}")
                results.append(drilled.run(fault))
                _show(progress, results[-1])
            evidence = drilled.evidence()
    failed = [result.name for result in results if result.verdict == "failed"]
    context.output.add(faults=[asdict(result) for result in results])
    if failed and not context.output.as_json:
        click.echo(evidence, err=True, nl=bool(evidence))
        click.echo(f"fleet: drill: failed: {', '.join(failed)}", err=True)
    return 1 if failed else 0


def _chosen(names: tuple[str, ...], live: bool) -> list[Fault]:
    """Return the faults of these names; without names, all that can be caused there."""
    known = {fault.name: fault for fault in FAULTS}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"There is no fault {', '.join(unknown)}; see fleet drill --list.")
    return [fault for fault in FAULTS if (fault.name in names if names else fault.cause_live or not live)]


def _show(progress: Progress, result: Result) -> None:
    if result.verdict == "skipped":
        progress.done(f"{result.name:<17}skipped: {result.reasons[0]}")
        return
    repeated = "-" if result.repeated is None else result.repeated
    times = f"{result.p99 * 1000:.0f} ms", f"{result.worst * 1000:.0f} ms", f"{result.recovered:.1f} s"
    row = ROW.format(result.name, result.requests, result.failed, repeated, *times, result.verdict)
    progress.done(row, result.verdict == "ok")
    for reason in result.reasons:
        progress.note(f"    {reason}")
