"""scripts/bench: all peers at once, asked in turn."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from scripts.benchmark.figures import Measured, Summary, summary
from scripts.benchmark.load import Load, closed, opened
from scripts.benchmark.peers import ASGI, PEERS, Peer
from scripts.benchmark.processes import memory, processor
from scripts.benchmark.report import Cost, write
from scripts.benchmark.workloads import EVERYWHERE, WORKLOADS, Workload, answered

BURN = "2 % burn 30 ms"
RATE = 800.0
"""Requests a second of the open loop: with 2 % of 30 ms it keeps one core of two at 60 %."""
SHARE = 0.02


def main(argv: list[str]) -> None:
    """Measure, and write docs/performance/."""
    parser = argparse.ArgumentParser("scripts/bench", description="Measure the fleet and its peers side by side.")
    parser.add_argument("--rounds", type=int, default=7, help="of each load (default 7)")
    parser.add_argument("--seconds", type=int, default=3, help="of each load (default 3)")
    parser.add_argument("--workers", type=int, default=4, help="of each peer (default 4)")
    parser.add_argument("--peer", action="append", choices=PEERS, help="only this one and ours; may be repeated")
    parser.add_argument("--workload", action="append", help="only those whose name begins so; may be repeated")
    parser.add_argument("--connections", type=int, action="append", help="only so many; may be repeated")
    parser.add_argument("--output", type=Path, default=Path("docs/performance"), help="directory (docs/performance)")
    chosen = parser.parse_args(argv)
    names = [name for name in PEERS if not chosen.peer or name in (*chosen.peer, "fleet")]
    with ExitStack() as stack:
        peers = {name: stack.enter_context(PEERS[name](chosen.workers)) for name in names}
        idle = {name: memory(peer.apps) for name, peer in peers.items()}
        summaries = []
        for found in _loads(peers, chosen):
            print(_line(found), flush=True)
            summaries.append(found)
        costs = [Cost(name, peer.started, idle[name], memory(peer.apps)) for name, peer in peers.items()]
        write(chosen.output, f"scripts/bench {' '.join(argv)}".strip(), summaries, costs)


def _loads(peers: dict[str, Peer], chosen: argparse.Namespace) -> Iterator[Summary]:
    for workload in WORKLOADS:
        if not _wanted(workload.name, chosen.workload):
            continue
        some = {name: peer for name, peer in peers.items() if name not in ASGI or workload.name in EVERYWHERE}
        for name, peer in some.items():
            if not answered(peer.port, workload):
                sys.exit(f"scripts/bench: {name} answers {workload.name} wrong")
        for connections in workload.connections:
            if chosen.connections and connections not in chosen.connections:
                continue
            yield from _rounds(some, workload.name, connections, chosen.rounds, _closed(workload, connections, chosen))
    if _wanted(BURN, chosen.workload):
        some = {name: peer for name, peer in peers.items() if name not in ASGI}
        yield from _rounds(some, BURN, 0, chosen.rounds, lambda port, n: opened(port, RATE, SHARE, chosen.seconds, n))


def _line(found: Summary) -> str:
    what = f"{found.workload:14} {found.connections:4} {found.peer:14} {found.rps:9,.0f}/s  p99 {found.p99:8.2f} ms"
    ratios = f"{found.rps_ratio:.2f}x, p99 {found.p99_ratio:.2f}x, CPU {found.cpu_ratio:.2f}x"
    return f"{what}  fleet: {ratios}  failed {found.failed}"


def _wanted(name: str, beginnings: list[str] | None) -> bool:
    return not beginnings or name.startswith(tuple(beginnings))


def _closed(workload: Workload, connections: int, chosen: argparse.Namespace) -> Callable[[int, int], Load]:
    return lambda port, _: closed(port, workload, connections, chosen.seconds)


def _rounds(
    peers: dict[str, Peer], workload: str, connections: int, rounds: int, load: Callable[[int, int], Load]
) -> Iterator[Summary]:
    """Ask all peers in turn, every other round backwards, so that none is always first."""
    measured = defaultdict[str, list[Measured]](list)
    for number in range(rounds):
        for name in list(peers)[:: -1 if number % 2 else 1]:
            measured[name].append(_measure(peers[name], number, load))
    for name, rows in measured.items():
        yield summary(workload, connections, name, measured["fleet"], rows)


def _measure(peer: Peer, number: int, load: Callable[[int, int], Load]) -> Measured:
    before = processor(peer.apps), processor(peer.nginx)
    seen = load(peer.port, number)
    each = 1e6 / max(seen.requests, 1)
    return Measured(seen, (processor(peer.apps) - before[0]) * each, (processor(peer.nginx) - before[1]) * each)


if __name__ == "__main__":
    main(sys.argv[1:])
