"""Tests of aiohttp_fleet/worker/drain.py: what clients feel when a worker is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import aiohttp
from aiohttp import WSCloseCode, WSMsgType

from tests.http import GET, POST, Client
from tests.place import free_port
from tests.wait import until
from tests.worker_process import WORK, WorkerProcess

Start = Callable[..., WorkerProcess]


def _drain(worker: WorkerProcess) -> None:
    worker.signal()
    until("the path to go", lambda: not worker.path.exists())


def test_a_drain_begins_with_unlink_and_keeps_who_is_connected(worker: Start) -> None:
    """Invariant 2: the path is gone, a kept-alive connection is still answered, and told to close."""
    started = worker().ready()
    with Client(started.path) as client:
        assert client.get()[1].get("connection") is None
        _drain(started)
        client.send(POST)
        status, headers, body = client.answer()
        assert (status, headers["connection"], body) == (200, "close", b"ping")
        assert client.closed()
    assert started.exit_code() == 0


def test_who_is_in_the_backlog_is_answered(worker: Start) -> None:
    """Invariant 2: a connection that was made but not accepted when the drain began is served."""
    started = worker().ready()
    started.signal(signal.SIGSTOP)
    with Client(started.path) as client:
        client.send(POST)
        started.signal(signal.SIGTERM)
        started.signal(signal.SIGCONT)
        assert client.answer()[2] == b"ping"
    assert started.exit_code() == 0


def test_an_idle_connection_is_not_closed_by_the_worker(worker: Start) -> None:
    """Invariant 3: nginx closes idle connections; until it does the worker waits, and answers."""
    started = worker().ready()
    with Client(started.path) as idle, Client(started.path) as other:
        idle.get()
        _drain(started)
        other.get()
        other.closed()
        assert started.process.poll() is None
        assert idle.get()[0] == 200
    assert started.exit_code() == 0


def test_an_idle_connection_is_let_go_at_the_deadline(worker: Start) -> None:
    """A client that never closes costs the deadline, no more, and the log says who was cut."""
    started = worker(WORK, "--drain=0.5").ready()
    with Client(started.path) as idle:
        idle.get()
        started.signal()
        assert idle.closed()
    assert started.exit_code() == 0
    assert "drain deadline of 0.5 s: cut 0 requests, 1 idle connections and 0 websockets" in started.log


def test_a_request_in_flight_is_finished_and_told_to_close(worker: Start) -> None:
    """Its handler began before the drain; its answer carries the header all the same."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        _drain(started)
        status, headers, body = client.answer()
    assert (status, headers["connection"], body) == (200, "close", b"slept 1")
    assert started.exit_code() == 0


def test_a_request_of_which_only_a_part_has_arrived_is_answered(worker: Start) -> None:
    """The rest of it may come during the drain."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(POST[:30])
        _drain(started)
        client.send(POST[30:])
        assert client.answer()[2] == b"ping"
    assert started.exit_code() == 0


def test_a_second_signal_ends_it_at_once(worker: Start) -> None:
    """SIGTERM twice, or SIGINT after it, kills: the operator does not want to wait."""
    for second in (signal.SIGTERM, signal.SIGINT):
        started = worker().ready()
        with Client(started.path) as client:
            client.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: test\r\n\r\n")
            _drain(started)
            until("the drain to begin", lambda log=started: "draining" in log.log)  # type: ignore[misc]
            started.signal(second)
            assert started.exit_code(5) == -second


def test_a_tcp_site_answers_its_backlog_and_then_refuses(worker: Start) -> None:
    """There is no path to unlink: the port is closed after everybody who waits there is accepted."""
    port = free_port()
    started = worker(WORK, f"--port={port}").ready()
    started.signal(signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(GET)
        started.signal(signal.SIGTERM)
        started.signal(signal.SIGCONT)
        client.settimeout(5)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    assert started.exit_code() == 0


def test_a_websocket_is_closed_with_1001_beside_an_idle_connection(worker: Start) -> None:
    """It waits for the ordinary requests, not for idle connections and not for the deadline."""
    started = worker().ready()

    async def talk() -> int | None:
        connector = aiohttp.UnixConnector(str(started.path))
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.timeout(10):
            async with session.get("http://test/") as answer:  # leaves an idle connection in the pool
                await answer.read()
            async with session.ws_connect("http://test/ws") as ws, session.get("http://test/slow?seconds=1") as slow:
                started.signal()
                assert await slow.text() == "slept 1"
                message = await ws.receive()
                assert message.type is WSMsgType.CLOSE
                return ws.close_code

    assert asyncio.run(talk()) == WSCloseCode.GOING_AWAY
    assert started.exit_code() == 0


def test_on_shutdown_is_sent_when_no_new_request_can_come(worker: Start) -> None:
    """A long poll that waits for on_shutdown to end it is not kept until the deadline."""
    started = worker("tests.apps.faulty:create_long_poll").ready()
    with Client(started.path) as client:
        client.send(GET)
        until("the request to be handled", lambda: "polling" in started.log)
        started.signal()
        assert client.answer()[2] == b"shutting down"
    assert started.exit_code(10) == 0


def test_a_large_answer_is_written_to_its_end(worker: Start, place: Path) -> None:
    """What the client has not read yet when the handler is done is in flight too."""
    started = worker("tests.apps.faulty:create_large").ready()
    with Client(started.path) as client:
        client.send(GET)
        until("the handler to be done", lambda: "handled" in started.log)
        started.signal()
        until("the path to go", lambda: not started.path.exists())
        assert len(client.answer()[2]) == 20_000_000
    assert started.exit_code() == 0
