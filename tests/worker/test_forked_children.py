"""Tests of aiohttp_fleet/worker/forked_children.py: processes that the application forks."""

import errno
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp_fleet_drill.sandbox import end

from aiohttp_fleet.common.processes import is_running
from tests.apps.forking import WAYS
from tests.http import Client
from tests.place import free_port
from tests.wait import until
from tests.worker_process import WorkerProcess

Start = Callable[..., WorkerProcess]
ENDS_ITSELF = ("pool",)
"""The ways whose child sees the end of its parent."""


def _forked(client: Client, way: str) -> int:
    client.send(f"GET /?way={way} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return int(client.answer()[2])


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> int:
    with socket.socket(family) as sock:
        return sock.connect_ex(address)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("way", WAYS)
def test_a_child_keeps_no_client_of_a_dead_worker_waiting(worker: Start, way: str, loop: str) -> None:
    """Those who are connected see its end, and no one can connect any more; over TCP neither."""
    port = free_port()
    started = worker("tests.apps.forking:create_app", f"--loop={loop}", f"--port={port}").ready()
    with Client(started.path) as first, Client(started.path) as second, Client(port) as third:
        for client in (second, third):
            client.get()
        child = _forked(first, way)
        try:
            started.signal(signal.SIGKILL)
            assert first.closed() and second.closed() and third.closed()
            started.exit_code()
            assert _connects(socket.AF_UNIX, str(started.path)) == errno.ECONNREFUSED
            assert _connects(socket.AF_INET, ("127.0.0.1", port)) == errno.ECONNREFUSED
            assert way in ENDS_ITSELF or is_running(child)
        finally:
            end(started.path.parent)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_a_child_does_not_drain_the_worker(worker: Start, way: str, loop: str) -> None:
    """It has no signal handler of the worker's, nor its event loop's end of the signals."""
    started = worker("tests.apps.forking:create_app", f"--loop={loop}").ready()
    with Client(started.path) as client:
        child = _forked(client, way)
        os.kill(child, signal.SIGTERM)
        until("the end of the child", lambda: not is_running(child))
        assert client.get()[0] == 200
    assert "draining" not in started.log
    end(started.path.parent)


def test_a_child_has_every_other_descriptor_once(worker: Start) -> None:
    """A pipe whose ends are closed on both sides ends."""
    started = worker("tests.apps.forking:create_app").ready()
    with Client(started.path) as client:
        child = _forked(client, "fork")
        links, ours = (
            [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()] for pid in (child, started.process.pid)
        )
    end(started.path.parent)
    for kind in ("pipe", "anon_inode"):
        assert sum(link.startswith(kind) for link in links) == sum(link.startswith(kind) for link in ours)
