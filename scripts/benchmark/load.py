"""Load: as fast as possible (wrk), and at a given rate (an open loop)."""

import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import uvloop

from scripts.benchmark.workloads import Workload

LUA = Path(__file__).parent / "wrk.lua"
CLIENTS = 256
"""Connections of the open loop: more than there are ever requests in flight."""
SLOW = 128
"""Clients on slow lines."""
REUSED = 900
"""Requests on one connection of the open loop: nginx closes it after a thousand."""
PATIENCE = 10.0
"""Seconds that the last responses may take."""


@dataclass(frozen=True)
class Load:
    """The result of a load.

    Attributes:
        rps: requests a second.
        p50: milliseconds.
        p99: milliseconds.
        p999: milliseconds.
        requests: how many were answered.
        failed: how many were not, or wrong.
    """

    rps: float
    p50: float
    p99: float
    p999: float
    requests: int
    failed: int


def closed(ports: Sequence[int], workload: Workload, connections: int, seconds: int) -> Load:
    """Send requests as fast as possible on so many connections, each waiting for its response.

    Several ports share the connections; the latencies are then those of the slowest.
    """
    method = ("POST", str(workload.body)) if workload.body else ("GET",)
    options = ("-t1", f"-c{connections // len(ports)}", f"-d{seconds}s", "--timeout=20s", "-s", str(LUA))
    commands = [("wrk", *options, f"http://127.0.0.1:{port}{workload.path}", "--", *method) for port in ports]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    loads = [_figures(process.communicate(timeout=seconds + 60)[0]) for process in running]
    rps, requests, failed = (sum(map(attrgetter(name), loads)) for name in ("rps", "requests", "failed"))
    p50, p99, p999 = (max(map(attrgetter(name), loads)) for name in ("p50", "p99", "p999"))
    return Load(rps, p50, p99, p999, requests, failed)


def _figures(printed: str) -> Load:
    found = re.search(r"^FIGURES (.+)$", printed, re.MULTILINE)
    assert found, f"wrk has printed {printed!r}"
    seen = json.loads(found[1])
    rps = seen["requests"] / seen["seconds"]
    return Load(rps, seen["p50"], seen["p99"], seen["p999"], seen["requests"], seen["failed"])


def with_slow_clients(port: int, workload: Workload, connections: int, seconds: int) -> Load:
    """Send requests as fast as possible while other clients read a page each on slow lines."""
    command = [sys.executable, "-m", "scripts.benchmark.slow", str(port), str(SLOW)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as slow:
        try:
            assert slow.stdout and slow.stdout.readline() == b"begun\n", "a slow client was cut off"
            seen = closed((port,), workload, connections, seconds)
            assert slow.poll() is None, "a slow client was cut off"
            return seen
        finally:
            slow.terminate()


def ranked(latencies: Iterable[float], seconds: float, failed: int) -> Load:
    """Return what such latencies, in seconds, amount to."""
    found = sorted(latencies) or [0.0]
    p50, p99, p999 = (found[int(len(found) * part)] * 1e3 for part in (0.5, 0.99, 0.999))
    return Load(len(found) / seconds, p50, p99, p999, len(found), failed)


def opened(port: int, rate: float, share: float, seconds: float, seed: int) -> Load:
    """Send requests at a rate, a share of them for what burns the processor; latencies of the others, as planned.

    Args:
        port: where.
        rate: requests a second, at random moments (a Poisson process).
        share: of those that burn.
        seconds: for how long.
        seed: of the moments and the choice, the same for all peers.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_Open(port).run(rate, share, seconds, seed))


class _Open:
    def __init__(self, port: int) -> None:
        self.port = port
        self.idle: list[_Connection] = []
        self.waiting: list[tuple[float, bool]] = []
        self.latencies: list[float] = []
        self.open = self.failed = 0
        self.is_over = False

    async def run(self, rate: float, share: float, seconds: float, seed: int) -> Load:
        choice = random.Random(seed)
        await asyncio.gather(*(self.connect() for _ in range(CLIENTS)))
        began = planned = time.perf_counter()
        while planned < began + seconds:
            await asyncio.sleep(max(0.0, planned - time.perf_counter()))
            while planned <= time.perf_counter():
                self.waiting.append((planned, choice.random() < share))
                planned += choice.expovariate(rate)
            self.ask()
        async with asyncio.timeout(PATIENCE):
            while self.waiting or len(self.idle) < self.open:
                await asyncio.sleep(0.01)
        self.is_over = True
        for connection in self.idle:
            connection.transport.close()
        await asyncio.sleep(0)  # which is when the loop closes them
        return ranked(self.latencies, seconds, self.failed)

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: _Connection(self), "127.0.0.1", self.port)

    def ask(self) -> None:
        while self.waiting and self.idle:
            self.idle.pop().ask(*self.waiting.pop(0))


class _Connection(asyncio.Protocol):
    """One keep-alive connection; a new one replaces it after `REUSED` requests."""

    def __init__(self, owner: _Open) -> None:
        self.owner, self.used, self.seen = owner, 0, b""
        self.planned, self.burns, self.is_busy = 0.0, False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.owner.open += 1
        self.owner.idle.append(self)

    def ask(self, planned: float, burns: bool) -> None:
        self.planned, self.burns, self.is_busy = planned, burns, True
        self.used += 1
        path = b"/burn" if burns else b"/"
        self.transport.write(b"GET " + path + b" HTTP/1.1\r\nHost: bench\r\n\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.seen += data
        head, end, body = self.seen.partition(b"\r\n\r\n")
        if not end or len(body) < 12:
            return
        self.is_busy, self.seen = False, b""
        if not head.startswith(b"HTTP/1.1 200") or body != b"Hello, world":
            self.owner.failed += 1
        elif not self.burns:
            self.owner.latencies.append(time.perf_counter() - self.planned)
        if self.used >= REUSED:
            self.transport.close()
        else:
            self.owner.idle.append(self)
            self.owner.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self.owner.is_over:
            return
        self.owner.open -= 1
        self.owner.failed += self.is_busy
        if self in self.owner.idle:
            self.owner.idle.remove(self)
        self.again = asyncio.ensure_future(self.owner.connect())
