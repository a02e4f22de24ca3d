"""How the fleet's cost grows: with workers, with idle connections, and with many clients at once."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp_fleet_drill.client import burst
from aiohttp_fleet_drill.requests import Request

from aiohttp_fleet.common.limits import raise_file_limit
from scripts.benchmark.load import closed
from scripts.benchmark.machine import write_figures
from scripts.benchmark.peers import Peer, fleet
from scripts.benchmark.processes import memory
from scripts.benchmark.websocket import HANDSHAKE
from scripts.benchmark.workloads import HELLO

WORKERS = (1, 2, 4, 8, 16)
CONNECTIONS = (64, 1000, 4000, 10_000)
AT_ONCE = 10_000
TIMES = 5
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
KINDS = {"idle connections": REQUEST, "idle websockets": HANDSHAKE}


@dataclass(frozen=True)
class Grown:
    """The fleet with so much of something.

    Attributes:
        what: workers, idle connections, idle websockets, or clients at once.
        number: how many.
        app: bytes of memory of everything but nginx.
        nginx: bytes of memory of nginx.
        rps: requests a second for hello on 64 further connections.
        failed: of these, or of the clients at once.
    """

    what: str
    number: int
    app: int
    nginx: int
    rps: float
    failed: int


def grown(seconds: int) -> Iterator[Grown]:
    """Measure all of it.

    Args:
        seconds: that each load lasts.
    """
    raise_file_limit()
    for workers in WORKERS:
        with fleet(workers) as peer:
            yield _seen("workers", workers, peer, seconds)
    for kind, begin in KINDS.items():
        with fleet(4) as peer:
            for number in CONNECTIONS:
                with _idle(peer.ports[0], number, begin):
                    yield _seen(kind, number, peer, seconds)
    with fleet(4) as peer:
        ask = Request("GET", "/slow", sleeps=0.5)
        failed = [len(asyncio.run(burst(peer.ports[0], AT_ONCE, ask)).failed) for _ in range(TIMES)]
        yield Grown(f"clients at once, {TIMES} times", AT_ONCE, memory(peer.apps), memory(peer.nginx), 0, sum(failed))


def _seen(what: str, number: int, peer: Peer, seconds: int) -> Grown:
    app, nginx = memory(peer.apps), memory(peer.nginx)
    seen = closed(peer.ports, HELLO, 64, seconds)
    found = Grown(what, number, app, nginx, seen.rps, seen.failed)
    print(_row(found), flush=True)
    return found


@contextmanager
def _idle(port: int, number: int, begin: bytes) -> Iterator[None]:
    """Keep so many connections open, each of which has had one response."""
    with ExitStack() as stack:
        for _ in range(number):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            sock.sendall(begin)
            assert sock.recv(4096).startswith(b"HTTP/1.1 "), "no answer"
        yield


def write_growth(directory: Path, how: str, rows: Sequence[Grown]) -> None:
    """Write growth.json and growth.md.

    Args:
        directory: where to.
        how: the command.
        rows: what was seen.
    """
    figures = {"rows": list(map(asdict, rows))}
    write_figures(directory, "growth", how, figures, lambda written: _page(written, rows))


def _page(written: str, rows: Sequence[Grown]) -> str:
    lines = [
        "# How cost grows\n",
        written,
        "Memory is the proportional set size. Requests a second are those of hello on 64 further connections.\n",
        "| | number | memory without nginx | nginx | requests/s | failed |",
        "|---|---|---|---|---|---|",
        *map(_row, rows),
    ]
    return "\n".join([*lines, "", *_each(rows)]) + "\n"


def _row(row: Grown) -> str:
    rps = f"{row.rps:,.0f}" if row.rps else ""
    return f"| {row.what} | {row.number:,} | {row.app / 1e6:.1f} MB | {row.nginx / 1e6:.1f} MB | {rps} | {row.failed} |"


def _each(rows: Sequence[Grown]) -> Iterator[str]:
    """Yield what one more costs: from 4 workers to 16, and from the fewest connections to the most."""
    for what, first in [("workers", 4), *((kind, CONNECTIONS[0]) for kind in KINDS)]:
        less = next(row for row in rows if (row.what, row.number) == (what, first))
        most = [row for row in rows if row.what == what][-1]
        count = most.number - less.number
        app, nginx = (most.app - less.app) / count / 1e3, (most.nginx - less.nginx) / count / 1e3
        yield f"- One more of the {what}: {app:,.1f} kB without nginx, {nginx:,.1f} kB of nginx."
