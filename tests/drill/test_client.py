"""Tests of drill/aiohttp_fleet_drill/client.py, against a server that does what a server must not do."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable

import pytest
from aiohttp_fleet_drill.client import burst, load
from aiohttp_fleet_drill.connection import CLOSED
from aiohttp_fleet_drill.requests import Request, mixed, plain
from aiohttp_fleet_drill.tally import Tally

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


async def _seen(condition: Callable[[], object]) -> None:
    """Let the load last until a condition is true."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def _against(response: bytes) -> Tally:
    """Load a server that sends this response to each request and then closes; an empty one means the right one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                writer.write(response or OK % len(body) + body)
                if response:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, load(port, 2, rate=100) as tally:
        await _seen(lambda: tally.requests > 20)
    return tally


def test_right_responses_are_counted_with_their_latency() -> None:
    """An echo is what was sent; no request fails."""
    tally = asyncio.run(_against(b""))
    assert tally.answered > 5
    assert tally.failed == []
    assert 0 < tally.latency(1, 0) < 60


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "status 502"),
        (OK % 10 + b"half", "closed in the middle of the response"),
        (b"HTTP/1.1 200", "closed in the middle of the response"),
        (b"\r", "not HTTP"),
    ],
)
def test_a_request_without_the_right_response_has_failed_once(response: bytes, reason: str) -> None:
    """It is not sent again; the reason is what arrived instead."""
    tally = asyncio.run(_against(response))
    assert tally.answered == 0
    assert {each.reason for each in tally.failed} == {reason}
    assert {each.method for each in tally.failed} == {"GET", "POST"}


def test_a_wrong_echo_has_failed_although_its_status_is_right() -> None:
    """The body of a POST has to come back byte for byte; a GET accepts any body."""
    tally = asyncio.run(_against(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\noops"))
    assert {(each.method, each.reason) for each in tally.failed} == {("POST", "a wrong body")}
    assert tally.answered


def test_a_refused_connection_has_failed() -> None:
    """Each attempt, until the load ends."""

    async def refused() -> Tally:
        async with load(1, 1) as tally:
            await _seen(lambda: tally.failed)
        return tally

    tally = asyncio.run(refused())
    assert tally.failed
    assert all("no connection" in each.reason for each in tally.failed)


def test_a_burst_is_one_request_of_each_client() -> None:
    """No server listens: as many requests fail as there are clients."""
    tally = asyncio.run(burst(1, 20, Request("GET", "/")))
    assert (tally.answered, len(tally.failed)) == (0, 20)


def test_the_mix_is_half_post_with_slow_and_large_ones() -> None:
    """Bodies differ; the sleep of a slow request is known, and not part of its latency."""
    requests = [mixed(random.Random(number), number) for number in range(400)]
    assert sum(each.method == "POST" for each in requests) == 200
    assert len({each.body for each in requests}) > 190
    assert sorted(each.method for each in requests if each.sleeps) == ["GET"] * 5 + ["POST"] * 5
    assert [each.path for each in requests if not each.timed] == ["/large"]


def test_an_idle_connection_whose_end_crosses_with_a_request_fails_with_a_reason_of_its_own() -> None:
    """And one that is reset before its first response with another."""

    async def answering(first: int) -> set[str]:
        """Load a server that answers so many requests of each connection and resets it at the next."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(EOFError):  # the load has ended
                for left in range(first, -1, -1):
                    await reader.readuntil(b"\r\n\r\n")
                    if left:
                        writer.write(OK % 0)
            linger = struct.pack("ii", 1, 0)  # close(2) sends RST
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, load(port, 1, next_request=plain("/", None)) as tally:
            await _seen(lambda: tally.failed)
        assert tally.answered >= first
        return {each.reason for each in tally.failed}

    assert asyncio.run(answering(0)) == {"reset before the response"}
    assert asyncio.run(answering(3)) == {CLOSED}
