"""scripts/bench: all peers at once, asked in turn."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.benchmark.app import prepare
from scripts.benchmark.applications import APPS, AppCost, application_costs
from scripts.benchmark.before import BEFORE, OURS, peers_of
from scripts.benchmark.costs import Rounds, write_costs
from scripts.benchmark.figures import Measured, Summary, summary
from scripts.benchmark.growth import grown, write_growth
from scripts.benchmark.in_turn import in_turn
from scripts.benchmark.load import Load
from scripts.benchmark.peers import PEERS, Peer
from scripts.benchmark.processes import memory, processor
from scripts.benchmark.report import Cost, write
from scripts.benchmark.runs import Run, runs
from scripts.benchmark.workloads import answered, app_of

BEFORE_HELP = (
    "only our peers, each against the same of another checkout with a .venv, the two at once in turns of 0.1 s: their "
    "latencies say nothing; without --output nothing is written"
)


def main(argv: list[str]) -> None:
    """Measure, and write docs/performance/."""
    parser = argparse.ArgumentParser("scripts/bench", description="Measure the fleet and its peers side by side.")
    parser.add_argument("--rounds", type=int, default=7, help="of each load (default 7)")
    parser.add_argument("--seconds", type=int, default=3, help="of each load (default 3)")
    parser.add_argument("--workers", type=int, default=4, help="of each peer (default 4)")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only this one and ours; may be repeated")
    parser.add_argument("--workload", action="append", help="only those whose name begins so; may be repeated")
    parser.add_argument("--connections", type=int, action="append", help="only so many; may be repeated")
    parser.add_argument("--growth", action="store_true", help="measure how cost grows with workers and connections")
    parser.add_argument("--applications", action="store_true", help="measure real applications, each peer alone")
    parser.add_argument("--app", action="append", choices=APPS, help="only this one; may be repeated")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help=BEFORE_HELP)
    parser.add_argument("--output", type=Path, help="directory (default docs/performance)")
    chosen = parser.parse_args(argv)
    output = chosen.output or (None if chosen.before else Path("docs/performance"))
    how = f"scripts/bench {' '.join(argv)}".strip()
    prepare()
    if chosen.growth:
        write_growth(output or Path("docs/performance"), how, list(grown(chosen.seconds)))
        return
    if chosen.applications:
        rounds = _applications(chosen.app or APPS, chosen)
        write_costs(output or Path("docs/performance"), how, rounds)
        return
    wanted = [run for run in runs(chosen.seconds) if _wanted(run, chosen)]
    if chosen.before:
        wanted = [pair for run in wanted for pair in _pairs(run)]
    starts = peers_of(chosen.before and chosen.before.resolve())
    with ExitStack() as stack:
        names = [name for name in starts if any(name in run.peers for run in wanted)]
        peers = {name: stack.enter_context(starts[name](chosen.workers)) for name in names}
        idle = {name: memory(peer.apps) for name, peer in peers.items()}
        summaries = []
        for run in wanted:
            for found in _rounds(run, peers, chosen.rounds, chosen.before is not None):
                print(_line(found), flush=True)
                summaries.append(found)
        costs = [Cost(name, peer.started, idle[name], memory(peer.apps)) for name, peer in peers.items()]
        if output:
            write(output, how, summaries, costs)


def _applications(names: Sequence[str], chosen: argparse.Namespace) -> Rounds:
    rounds: dict[str, dict[str, list[AppCost]]] = {name: defaultdict(list) for name in names}
    apps = {name: app_of(name) for name in names}
    for _ in range(chosen.rounds):
        for name, app in apps.items():
            for peer, cost in application_costs(app, chosen.workers, chosen.seconds):
                print(name, peer, cost, flush=True)
                rounds[name][peer].append(cost)
    return rounds


def _pairs(run: Run) -> Iterator[Run]:
    """Yield a run for each of our peers in it, against the same of the other checkout."""
    for name in OURS:
        if name in run.peers:
            yield replace(run, peers=(name, f"{BEFORE}{name}"))


def _wanted(run: Run, chosen: argparse.Namespace) -> bool:
    return (
        (not chosen.workload or run.name.startswith(tuple(chosen.workload)))
        and (not chosen.connections or run.connections in chosen.connections)
        and (not chosen.peer or not {*chosen.peer}.isdisjoint(run.peers))
    )


def _line(found: Summary) -> str:
    what = f"{found.workload:19} {found.connections:4} {found.peer:19} {found.rps:9,.0f}/s  p99 {found.p99:8.2f} ms"
    low, high = found.rps_between
    ratios = f"{found.rps_ratio:.2f}x ({low:.2f} to {high:.2f}), p99 {found.p99_ratio:.2f}x, CPU {found.cpu_ratio:.2f}x"
    return f"{what}  fleet: {ratios}  failed {found.failed}"


def _rounds(run: Run, peers: dict[str, Peer], rounds: int, at_once: bool) -> Iterator[Summary]:
    """Ask all peers one after the other, or at once; every other round backwards, so that none is always first."""
    measured = defaultdict[str, list[Measured]](list)
    for name in run.peers:
        if not answered(peers[name].ports[0], run.sample):
            sys.exit(f"scripts/bench: {name} answers {run.name} wrong")
    for number in range(rounds):
        names = run.peers[:: -1 if number % 2 else 1]
        for group in [names] if at_once else [(name,) for name in names]:
            seen = _measure([peers[name] for name in group], number, run.ask)
            for name, found in zip(group, seen, strict=True):
                measured[name].append(found)
    for name in run.peers:
        yield summary(run.name, run.connections, name, measured[run.peers[0]], measured[name])


def _measure(peers: Sequence[Peer], number: int, ask: Callable[[Peer, int], Load]) -> Iterator[Measured]:
    before = [(processor(peer.apps), processor(peer.nginx)) for peer in peers]
    loads = in_turn([partial(ask, peer, number) for peer in peers])
    for peer, load, (app, nginx) in zip(peers, loads, before, strict=True):
        each = 1e6 / max(load.requests, 1)
        yield Measured(load, (processor(peer.apps) - app) * each, (processor(peer.nginx) - nginx) * each)


if __name__ == "__main__":
    main(sys.argv[1:])
