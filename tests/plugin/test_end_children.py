"""Tests of aiohttp_fleet/plugin/end_children.py, and of what a dead worker with children costs: fleets under load."""

import os
import signal
from collections.abc import Callable

import pytest
from aiohttp_fleet_drill.load import Load, running

from aiohttp_fleet.common.processes import is_running
from tests.apps.forking import WAYS
from tests.http import Client
from tests.site import Site
from tests.wait import until

LOAD = Load(clients=16, rate=400.0, get="/?wait=0.01", post="/?wait=0.01")
KILLS = 3


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_with_children_costs_what_one_without_costs(
    site: Callable[..., Site], signum: signal.Signals
) -> None:
    """No GET fails or hangs, and the POSTs that fail are those in flight there; the children end with it."""
    made = site("tests.apps.forking:create_app").with_workers(2).start()
    with running(LOAD, ("127.0.0.1", made.port), posts=None) as end:
        for _ in range(KILLS):
            _kill(made, signum)
        tally = end()
    assert tally.requests > LOAD.rate
    failed = list(tally.failed)
    assert not [each for each in failed if each.method == "GET"], failed
    assert len(failed) <= KILLS * LOAD.clients


def _kill(made: Site, signum: int) -> None:
    """Let a worker fork, kill it, and wait for the end of its children and for the next worker."""
    worker = made.pid("aiohttp:web1")
    children = [_forked(made, way) for way in WAYS if way not in ("fork", "manager")]
    os.kill(worker, signum)
    until("its children to end", lambda: not any(map(is_running, children)))
    until("the worker to be back", lambda: made.pid("aiohttp:web1") not in (0, worker))
    until("it to be ready", made.is_ready)


def _forked(made: Site, way: str) -> int:
    with Client(made.place / "web_1.sock") as client:
        client.send(f"GET /?way={way} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return int(client.answer()[2])
