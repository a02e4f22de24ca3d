"""Tests of aiohttp_fleet/worker/drain.py: what clients see when a worker is stopped."""

import asyncio
import signal
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
    until("the path to be removed", lambda: not worker.path.exists())


def test_a_drain_begins_with_unlink_and_answers_connected_clients(worker: Start) -> None:
    """Invariant 2: the path is removed; a keep-alive connection is answered once more, with Connection: close."""
    started = worker().ready()
    with Client(started.path) as client:
        assert client.get()[1].get("connection") is None
        _drain(started)
        client.send(POST)
        status, headers, body = client.answer()
        assert (status, headers["connection"], body) == (200, "close", b"ping")
        assert client.closed()
    assert started.exit_code() == 0


def test_clients_in_the_backlog_are_answered(worker: Start) -> None:
    """Invariant 2: a connection that was made but not accepted when the drain began is served."""
    started = worker().ready()
    with Client(started.path) as blocker:
        blocker.send(b"GET /block?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        blocker.answer()
    clients = [Client(started.path) for _ in range(20)]
    started.signal()
    for client in clients:
        client.send(POST)
        assert client.answer()[2] == b"ping"
        client.close()
    assert started.exit_code() == 0


def test_a_client_in_the_backlog_that_cannot_be_accepted_yet_is_answered(worker: Start, place: Path) -> None:
    """Invariant 2: without a free descriptor asyncio accepts nothing for a second; the drain waits."""
    path, gate = place / "web.sock", place / "go"
    app = "tests.apps.faulty:create_out_of_descriptors"
    started = worker(app, "--loop=asyncio", "--backlog=1", SOCKET=str(path), GATE=str(gate)).ready()
    gate.touch()
    until("the descriptors to be used up", lambda: "no descriptors" in started.log)
    with Client(path) as client:
        client.send(POST)
        until("the accept to fail", lambda: "out of system resource" in started.log)
        started.signal()
        assert client.answer()[2] == b"ping"
    assert started.exit_code() == 0


def test_a_client_that_is_accepted_and_not_counted_yet_is_answered(worker: Start, place: Path) -> None:
    """Invariant 2: at the first count it is in neither number, because the event loop was blocked while it connected.

    It connects by a second name, like a client that was inside connect(2) when the path was removed. Its request
    takes longer than the clean-up, in which aiohttp would finish a shorter one.
    """
    path, gate = place / "web.sock", place / "go"
    app = "tests.apps.faulty:create_blocked_drain"
    started = worker(app, "--loop=asyncio", SOCKET=str(path), GATE=str(gate)).ready()
    second_name = place / "second.sock"
    second_name.hardlink_to(path)
    started.signal()
    until("the event loop to be blocked", lambda: "blocked" in started.log)
    with Client(second_name) as client:
        client.send(b"GET /slow?seconds=3 HTTP/1.1\r\nHost: test\r\n\r\n")
        gate.touch()
        assert client.answer()[2] == b"slept 3"
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


def test_an_idle_connection_is_closed_at_the_deadline(worker: Start) -> None:
    """A client that never closes costs the deadline and no more; the log counts the connections that were cut."""
    started = worker(WORK, "--drain=0.5").ready()
    with Client(started.path) as idle:
        idle.get()
        started.signal()
        assert idle.closed()
    assert started.exit_code() == 0
    assert "drain deadline of 0.5 s: cut 0 requests, 1 idle connections and 0 websockets" in started.log


def test_a_request_in_flight_is_answered_with_connection_close(worker: Start) -> None:
    """Although its handler began before the drain."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        _drain(started)
        status, headers, body = client.answer()
    assert (status, headers["connection"], body) == (200, "close", b"slept 1")
    assert started.exit_code() == 0


def test_a_request_that_is_still_arriving_is_answered(worker: Start) -> None:
    """The rest of it may come during the drain."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(POST[:30])
        _drain(started)
        client.send(POST[30:])
        assert client.answer()[2] == b"ping"
    assert started.exit_code() == 0


def test_a_second_signal_ends_it_at_once(worker: Start) -> None:
    """SIGTERM twice, or SIGINT after it: the operator does not want to wait."""
    for second in (signal.SIGTERM, signal.SIGINT):
        started = worker().ready()
        with Client(started.path) as client:
            client.send(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: test\r\n\r\n")
            _drain(started)
            until("the drain to begin", lambda log=started: "draining" in log.log)  # type: ignore[misc]
            started.signal(second)
            assert started.exit_code(5) == -second


def test_a_tcp_port_answers_its_backlog_and_then_refuses(worker: Start) -> None:
    """There is no path to unlink: the port is closed once every waiting client is accepted."""
    port = free_port()
    started = worker(WORK, f"--port={port}").ready()
    with Client(port) as blocker:
        blocker.send(b"GET /block?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        blocker.answer()
        clients = [Client(port) for _ in range(20)]
        started.signal()
        for client in clients:
            client.send(GET)
            assert client.answer()[0] == 200
            client.close()
    assert started.exit_code() == 0


def test_a_websocket_gets_1001_as_soon_as_the_ordinary_requests_are_done(worker: Start) -> None:
    """Not earlier; it waits neither for idle connections nor for the deadline."""
    started = worker().ready()

    async def talk() -> list[str]:
        order = []
        connector = aiohttp.UnixConnector(str(started.path))
        async with aiohttp.ClientSession("http://test", connector=connector) as session, asyncio.timeout(10):
            async with session.get("/") as answer:  # leaves an idle connection in the pool
                await answer.read()
            ws = await session.ws_connect("/ws")
            idle = Client(started.path)
            idle.get()

            async def slow() -> None:
                async with session.get("/slow?seconds=1") as answer:
                    order.append(await answer.text())

            request = asyncio.create_task(slow())
            await asyncio.to_thread(until, "the request to arrive", lambda: _requests(started) == 1)
            started.signal()
            message = await ws.receive()
            order.append(f"{message.type.name} {ws.close_code}")
            await request
            assert started.process.poll() is None, "the worker waits for the idle connection"
            idle.close()
        return order

    assert asyncio.run(talk()) == ["slept 1", f"{WSMsgType.CLOSE.name} {WSCloseCode.GOING_AWAY.value}"]
    assert started.exit_code() == 0


def test_a_websocket_handler_that_never_reads_is_not_waited_for(worker: Start) -> None:
    """Its client gets 1001; the handler is cancelled long before the drain deadline."""
    started = worker().ready()

    async def talk() -> int | None:
        connector = aiohttp.UnixConnector(str(started.path))
        async with aiohttp.ClientSession(connector=connector) as session, session.ws_connect("http://test/push") as ws:
            assert await ws.receive_str() == "pushed"
            started.signal()
            await ws.receive(10)
            return ws.close_code

    assert asyncio.run(talk()) == WSCloseCode.GOING_AWAY
    assert started.exit_code(10) == 0


def test_a_websocket_client_that_has_vanished_is_not_waited_for(worker: Start) -> None:
    """If it never answers the close frame it costs two seconds, not the deadline."""
    started = worker().ready()
    with Client(started.path) as client:
        client.send(
            b"GET /ws HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert client.answer()[0] == 101
        started.signal()
        assert started.exit_code(10) == 0


def test_on_shutdown_is_sent_when_no_new_request_can_arrive(worker: Start) -> None:
    """A long poll that on_shutdown ends does not wait for the deadline."""
    started = worker("tests.apps.faulty:create_long_poll").ready()
    with Client(started.path) as client:
        client.send(GET)
        until("the request to be handled", lambda: "polling" in started.log)
        started.signal()
        assert client.answer()[2] == b"shutting down"
    assert started.exit_code(10) == 0


def test_a_large_answer_is_written_to_its_end(worker: Start, place: Path) -> None:
    """It is in flight until the client has read it, also when the handler is done."""
    started = worker("tests.apps.faulty:create_large").ready()
    with Client(started.path) as client:
        client.send(GET)
        until("the handler to be done", lambda: "handled" in started.log)
        started.signal()
        until("the path to be removed", lambda: not started.path.exists())
        assert len(client.answer()[2]) == 20_000_000
    assert started.exit_code() == 0


def test_on_shutdown_is_sent_once_and_ends_before_on_cleanup(worker: Start) -> None:
    """However long it takes; on_cleanup runs even if it fails."""
    started = worker("tests.apps.faulty:create_slow_shutdown").ready()
    with Client(started.path) as client:
        client.send(b"GET /slow?seconds=1 HTTP/1.1\r\nHost: test\r\n\r\n")
        _drain(started)
        assert client.answer()[2] == b"slept 1"
    assert started.exit_code() == 0
    steps = [line for line in started.log.splitlines() if line.startswith("on_")]
    assert steps == ["on_shutdown begins", "on_shutdown ends", "on_cleanup"]
    assert "RuntimeError: shutdown failed" in started.log


def _requests(started: WorkerProcess) -> int:
    """Count the requests to /slow that have begun."""
    return started.log.count("slow begins")
