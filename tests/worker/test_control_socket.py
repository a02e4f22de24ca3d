"""Tests of aiohttp_fleet/worker/control_socket.py, on a real process."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.supervision.control_client import Health
from aiohttp_fleet.worker.control_socket import ControlSocket, WorkerStatus
from aiohttp_fleet.worker.drain import Websockets
from tests.control import query
from tests.http import Client, get
from tests.wait import until
from tests.worker_process import WORK, WorkerProcess

Start = Callable[..., WorkerProcess]


def test_it_reports_the_documented_fields() -> None:
    """The worker may not import the class Health, so this test compares the names."""

    async def report() -> dict[str, object]:
        return ControlSocket(None, WorkerStatus("app", "", Websockets())).health()

    assert set(asyncio.run(report())) == {field.name for field in fields(Health)}


def test_it_answers_from_before_the_start_up_until_the_end(worker: Start, place: Path) -> None:
    """starting, ready, draining; only the worker's user and root may connect."""
    control = place / "web.ctl"
    started = worker("tests.apps.faulty:create_slow_start", GATE=str(place / "go"))
    until("the control socket", control.exists)
    assert query(str(control)).state == "starting"
    assert not started.path.exists()
    assert control.stat().st_mode & 0o777 == 0o600
    (place / "go").touch()
    started.ready()
    assert query(str(control)).state == "ready"
    with Client(started.path) as client:
        client.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        until("the request to begin", lambda: "slow begins" in started.log)
        started.signal()
        until("the drain", lambda: query(str(control)).state == "draining")
        assert query(str(control)).in_flight == 1
        client.answer()
    assert started.exit_code() == 0
    assert not control.exists()


def test_it_counts_the_applications_requests_and_not_its_own(worker: Start, place: Path) -> None:
    """Requests and connections; a query changes neither."""
    started = worker().ready()
    with Client(started.path) as client:
        client.get()
        client.get()
        health = [query(str(place / "web.ctl")) for _ in range(3)][-1]
        assert (health.requests, health.connections, health.in_flight, health.websockets) == (2, 1, 0, 0)
    assert (health.pid, health.app, health.name, health.forked) == (started.process.pid, WORK, "worker", False)
    assert 10_000_000 < health.memory < 500_000_000
    assert 0 < health.uptime < 60


def test_the_lag_shows_a_handler_that_blocked(worker: Start, place: Path) -> None:
    """For ten seconds afterwards."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(b"GET /block?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        client.answer()
        until("the lag to be reported", lambda: query(str(place / "web.ctl"), 5).lag > 0.4)


def test_it_writes_no_access_log(worker: Start, place: Path) -> None:
    """Not even when the application logs everything."""
    started = worker("tests.apps.faulty:create_logging").ready()
    for _ in range(3):
        query(str(place / "web.ctl"))
    assert "GET" not in started.log


@pytest.mark.parametrize("where", ["missing", "closed/missing"])
def test_a_control_socket_that_cannot_be_bound_is_logged_once_and_the_worker_serves(
    worker: Start, place: Path, where: str
) -> None:
    """Its directory is missing, or out of reach."""
    (place / "closed").mkdir(mode=0o700)
    started = worker(WORK, f"--control={place / where / 'web.ctl'}").ready()
    started.path.unlink()  # the check that binds it again has tried the control socket before
    until("the socket to be back", started.path.exists, 5)
    assert get(started.path)
    assert started.log.count("control socket: ") == 1


def test_a_removed_control_path_is_bound_again(worker: Start, place: Path) -> None:
    """Like the sockets."""
    started = worker().ready()
    (place / "web.ctl").unlink()
    until("the path to be back", (place / "web.ctl").exists, 5)
    assert query(str(place / "web.ctl")).pid == started.process.pid


def test_a_successor_on_the_control_path_is_no_reason_to_drain(worker: Start, place: Path) -> None:
    """It has that path before its start-up; the predecessor serves until it has the socket too."""
    started = worker().ready()
    with socket.socket(socket.AF_UNIX) as successor:
        successor.bind(str(place / "successor"))
        successor.listen()
        (place / "successor").rename(place / "web.ctl")
        started.path.unlink()  # the check that binds it again has seen the control path too
        until("the socket to be back", started.path.exists, 5)
        assert get(started.path)
        started.signal()
        assert started.exit_code() == 0
        assert peer(str(place / "web.ctl")).pid == os.getpid()


def test_a_control_path_that_another_process_serves_is_refused(worker: Start, place: Path) -> None:
    """Before the application runs, with the pid."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place / "web.ctl"))
        other.listen()
        (place / "web.ctl").chmod(0o666)
        started = worker("tests.apps.faulty:traced")
        assert started.exit_code() == 1
    assert f"web.ctl: it is served by pid {os.getpid()}" in started.log
    assert "on_startup" not in started.log


def test_an_abort_writes_the_stack_that_blocks(worker: Start) -> None:
    """The event loop runs nothing then."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(b"GET /block?seconds=60 HTTP/1.1\r\nHost: test\r\n\r\n")
        client.answer()
    until("the block", lambda: _waits(started.process.pid))
    started.signal(signal.SIGABRT)
    assert started.exit_code() == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in started.log
    assert re.search(r'File ".*/tests/apps/work\.py", line \d+ in block\n', started.log)


def _waits(pid: int) -> bool:
    """Whether the process waits in a system call other than its event loop's (proc(5), /proc/pid/syscall)."""
    epoll_wait, epoll_pwait = 232, 281
    number = Path(f"/proc/{pid}/syscall").read_text().split()[0]
    return number.isdecimal() and int(number) not in (epoll_wait, epoll_pwait)
