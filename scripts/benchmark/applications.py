"""Real applications: what each peer costs with them, how soon it is ready, and what a rolling restart does.

The peers run one after the other, each alone: memory that two of them share would be counted as half.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from statistics import median

from aiohttp_fleet_drill.load import Load

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of
from scripts.benchmark.load import closed
from scripts.benchmark.peers import PM2, Peer, fleet, gunicorn_ours, pm2, recipe
from scripts.benchmark.processes import memory
from scripts.benchmark.restart import restarted
from scripts.benchmark.workloads import App, answered, asked

APPS = ("hello", "ordinary", "heavy")
KIT = ("fleet", "fleet-executed")
PEERS: dict[str, Callable[[int, App], AbstractContextManager[Peer]]] = {
    "fleet": fleet,
    "fleet-executed": partial(fleet, with_plugin=False),
    "gunicorn": gunicorn_ours,
    "gunicorn-preload": lambda workers, app: gunicorn_ours(workers, app, "--preload"),
    "recipe": recipe,
    **({"pm2": pm2} if PM2.exists() else {}),
}
LOAD = Load(clients=16, rate=200.0, get="/")
"""During a rolling restart: below what the slowest application can answer."""
PATIENCE = 60.0
"""Seconds for memory to be steady, and for a worker to be replaced."""
STEADY = 0.01
"""Memory is steady when it changes by no larger part in a second."""
KILLS = 3
"""Workers that are killed, one after the other; the median of their times counts."""
AT_ONCE = 32
"""Requests that ask for a pid."""


@dataclass(frozen=True)
class AppCost:
    """One peer with one application, in one round.

    Attributes:
        started: seconds from its start to its first answer.
        again: seconds from the end of a worker to the answer of the next; 0 where it was not measured.
        idle: bytes of memory of everything but nginx, before the load.
        used: the same after it.
        rps: requests a second.
        p99: milliseconds.
        failed: requests without a right answer.
        restart: seconds from the command until no old worker is left and a new one answers.
        worst: seconds, the longest latency of the load since the restart began.
        lost: requests of that load without a right answer.
    """

    started: float
    again: float
    idle: int
    used: int
    rps: float
    p99: float
    failed: int
    restart: float
    worst: float
    lost: int


def application_costs(app: App, workers: int, seconds: int) -> Iterator[tuple[str, AppCost]]:
    """Measure an application once with each peer; yield the peer's name and what was seen.

    Args:
        app: the application.
        workers: how many.
        seconds: of load.
    """
    for name, start in PEERS.items():
        with start(workers, app) as peer:
            idle = _steady(peer)
            seen = closed(peer.ports, app.sample, 64, seconds)
            used = _steady(peer)
            again = _again(peer) if name in KIT else 0.0
            found = restarted(peer, LOAD, peer.restart, partial(_is_restarted, peer, app, _workers(peer, workers)))
        of_load, lost = (seen.rps, seen.p99, seen.failed), len(found.tally.failed)
        yield name, AppCost(peer.started, again, idle, used, *of_load, found.seconds, found.worst, lost)


def _steady(peer: Peer) -> int:
    """Return its memory when it changes no more."""
    seen = [0]

    def is_steady() -> bool:
        time.sleep(1)
        seen.append(memory(peer.apps))
        return abs(seen[-1] - seen[-2]) <= STEADY * seen[-1]

    assert wait_until(is_steady, PATIENCE), f"its memory changes still: {seen}"
    return seen[-1]


def _again(peer: Peer) -> float:
    """Kill some workers; return the median of the seconds until another process answers on the socket of each."""
    assert peer.conf is not None  # supervisord runs it
    fleet = read_fleet(peer.conf, "aiohttp")
    supervisord = supervisord_of(fleet)

    def are_running() -> bool:  # supervisord lets one wait that ends before that (startsecs)
        return all(process["statename"] == "RUNNING" for process in supervisord.processes().values())

    seconds = []
    for worker in fleet.workers[:KILLS]:
        assert wait_until(are_running, PATIENCE), "supervisord does not say that all processes run"
        old = supervisord.process(worker.namespec)["pid"]
        began = time.monotonic()
        os.kill(old, signal.SIGKILL)
        while _pid_at(worker.socket) in (0, old):  # without a pause: it is a matter of milliseconds
            assert time.monotonic() - began < PATIENCE, "no worker in place of the one killed"
        seconds.append(time.monotonic() - began)
    return median(seconds)


def _pid_at(path: str) -> int:
    """Return the pid of the process that answers on a socket now, 0 when none does."""
    try:
        with closing(UnixConnection(path, PATIENCE)) as connection:
            connection.request("GET", "/pid")
            return int(connection.getresponse().read())
    except (OSError, HTTPException):
        return 0


def _is_restarted(peer: Peer, app: App, old: Iterable[int]) -> bool:
    """Whether no old worker is left and a new one answers."""
    return not any(map(is_running, old)) and answered(peer.ports[0], app.sample)


def _workers(peer: Peer, number: int) -> set[int]:
    """Return the pids of its workers; they are asked at once, because one that is idle may answer all in turn."""
    found = set[int]()

    def are_all() -> bool:
        found.update(pool.map(lambda _: _pid(peer.ports[0]), range(AT_ONCE)))
        return len(found - {0}) >= number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert wait_until(are_all, PATIENCE), f"only {sorted(found)} answer"
    return found - {0}


def _pid(port: int) -> int:
    """Return the pid of the process that answers now, 0 when none does."""
    return int(asked(port, "/pid") or 0)
