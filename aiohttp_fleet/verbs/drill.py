"""``fleet drill``: the proof that nothing is lost."""

import json
from dataclasses import asdict

import click
from rich.console import Console

from aiohttp_fleet.drill.faults import FAULTS, Fault
from aiohttp_fleet.drill.run import Result, private
from aiohttp_fleet.drill.run import drill as drilled
from aiohttp_fleet.verbs.shape import Chosen, verb

ROW = "{:<17}{:>9}{:>7}{:>11}{:>12}  {}"


@verb
@click.argument("names", nargs=-1, metavar="[FAULT]...")
@click.option("--clients", type=click.IntRange(1, 4000), default=64, show_default=True, help="Kept-alive clients.")
@click.option("--rate", type=click.FloatRange(min=0), default=1500.0, show_default=True,
              help="Requests a second of all together; 0 for as many as go.")  # fmt: skip
@click.option("--user", default="nobody", show_default=True, help="Who the workers become under root.")
@click.option("--list", "listed", is_flag=True, help="List the faults and cause none.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON at the end.")
def drill(
    context: Chosen, names: tuple[str, ...], clients: int, rate: float, user: str, listed: bool, as_json: bool
) -> int:
    """Run a private copy of the fleet, put load on it, and cause one fault after the other.

    The copy has sockets, port, logs and application of its own; the running fleet is not touched.
    """
    faults = _chosen(names)
    if listed:
        for fault in faults:
            click.echo(f"{fault.name:<17}{fault.sentence}")
        return 0
    console = Console(highlight=False, markup=False, soft_wrap=True, quiet=as_json)
    console.print(ROW.format("fault", "requests", "lost", "worst", "ready after", ""))
    results = []
    with private(context.fleet().supervisord_conf.parent, user) as ground:
        for fault in faults:
            results.append(drilled(ground, fault, clients, rate))
            _print(console, results[-1])
        evidence = ground.evidence()
    failed = [result.name for result in results if result.verdict == "failed"]
    if as_json:
        click.echo(json.dumps({"ok": not failed, "faults": [asdict(result) for result in results]}, indent=2))
    elif failed:
        click.echo(evidence, err=True)
        click.echo(f"fleet: drill: not as it should be: {', '.join(failed)}", err=True)
    return 1 if failed else 0


def _chosen(names: tuple[str, ...]) -> list[Fault]:
    known = {fault.name: fault for fault in FAULTS}
    if unknown := [name for name in names if name not in known]:
        raise click.UsageError(f"There is no fault {', '.join(unknown)}; see fleet drill --list.")
    return [fault for fault in FAULTS if not names or fault.name in names]


def _print(console: Console, result: Result) -> None:
    worst, after = f"{result.worst * 1000:.0f} ms", f"{result.recovered:.1f} s"
    style = {"failed": "red", "skipped": "yellow"}.get(result.verdict, "")
    console.print(ROW.format(result.name, result.requests, result.lost, worst, after, result.verdict), style=style)
    for reason, count in sorted(result.reasons.items()):
        console.print(f"    {count} x {reason}")
