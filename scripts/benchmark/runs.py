"""Which loads are measured, and with which peers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from scripts.benchmark.load import Load, closed, opened, with_slow_clients
from scripts.benchmark.peers import Peer
from scripts.benchmark.websocket import echoed
from scripts.benchmark.workloads import CACHEABLE, HELLO, STATIC, WORKLOADS, Workload

AIOHTTP = ("fleet", "gunicorn-ours", "gunicorn", "recipe")
SOCKETS = ("fleet", "gunicorn-ours")
"""The nginx.conf of gunicorn's documentation, and that of aiohttp's, do not proxy websockets."""
ASGI = ("uvicorn", "granian")
"""These have an application of their own, without a framework, and with a few of the workloads."""
EVERYWHERE = ("hello", "json 2 kB", "page 30 kB")
"""Those."""
FRONT = ("fleet-front", "fleet", "fleet-direct")
"""nginx answers, the application behind it, and the application alone."""
RATE = 800.0
"""Requests a second of the open loop: with 2 % of 30 ms it keeps one core of two at 60 %."""
SHARE = 0.02


@dataclass(frozen=True)
class Run:
    """One load, on each of some peers in turn.

    Attributes:
        name: of the load.
        connections: on how many; 0 in an open loop.
        peers: their names; the others are compared with the first.
        ask: puts the load on a peer, in the round of that number.
        sample: one of its requests, which each peer has to answer right before the load.
    """

    name: str
    connections: int
    peers: tuple[str, ...]
    ask: Callable[[Peer, int], Load]
    sample: Workload = HELLO


def runs(seconds: int) -> Iterator[Run]:
    """Yield all of them.

    Args:
        seconds: that each load lasts.
    """
    for workload in WORKLOADS:
        for count in workload.connections:
            yield Run(workload.name, count, _who(workload), partial(_closed, workload, count, seconds), workload)
    yield Run("with slow clients", 64, AIOHTTP, lambda peer, _: with_slow_clients(peer.ports[0], HELLO, 64, seconds))
    yield Run("websocket echo", 64, SOCKETS, lambda peer, _: echoed(peer.ports[0], 64, seconds))
    yield Run("2 % burn 30 ms", 0, AIOHTTP, lambda peer, n: opened(peer.ports[0], RATE, SHARE, seconds, n))
    for workload in (CACHEABLE, STATIC):
        yield Run(workload.name, 64, FRONT, partial(_closed, workload, 64, seconds), workload)


def _who(workload: Workload) -> tuple[str, ...]:
    return (*AIOHTTP, "fleet-direct", *ASGI) if workload.name in EVERYWHERE else AIOHTTP


def _closed(workload: Workload, connections: int, seconds: int, peer: Peer, _: int) -> Load:
    return closed(peer.ports, workload, connections, seconds)
