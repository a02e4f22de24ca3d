"""Tests of drill/aiohttp_fleet_drill/client.py, against a server that does what servers should not."""

import asyncio
import contextlib
import random
import socket
import struct

import pytest
from aiohttp_fleet_drill.client import burst, load
from aiohttp_fleet_drill.connection import CLOSED
from aiohttp_fleet_drill.requests import Request, mixed, plain
from aiohttp_fleet_drill.tally import Tally

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


async def _against(answer: bytes, seconds: float = 0.3) -> Tally:
    """Let two clients ask a server that gives this answer to each request and then, unless it is whole, closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                writer.write(answer or OK % len(body) + body)
                if answer:
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, load(port, 2, rate=100) as tally:
        await asyncio.sleep(seconds)  # how long the load lasts
    return tally


def test_right_answers_are_counted_with_their_latency() -> None:
    """An echo is what was sent; nothing is lost."""
    tally = asyncio.run(_against(b""))
    assert tally.answered > 5
    assert tally.lost == []
    assert 0 < tally.latency(1, 0) < 60


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "status 502"),
        (OK % 10 + b"half", "closed in the middle of the answer"),
        (b"HTTP/1.1 200", "closed in the middle of the answer"),
        (b"\r", "closed in the middle of the answer"),
    ],
)
def test_what_is_not_answered_right_is_lost_once_each(answer: bytes, reason: str) -> None:
    """Nothing is asked again; the reason is what came instead."""
    tally = asyncio.run(_against(answer))
    assert tally.answered == 0
    assert {each.reason for each in tally.lost} == {reason}
    assert {each.method for each in tally.lost} == {"GET", "POST"}


def test_a_wrong_echo_is_lost_although_its_status_is_right() -> None:
    """A POST has to come back byte for byte; a GET is satisfied."""
    tally = asyncio.run(_against(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\noops"))
    assert {(each.method, each.reason) for each in tally.lost} == {("POST", "a wrong body")}
    assert tally.answered


def test_a_refused_connection_is_lost() -> None:
    """Each attempt, until the load ends."""

    async def nobody() -> Tally:
        async with load(1, 1) as tally:
            await asyncio.sleep(0.1)  # how long the load lasts
        return tally

    tally = asyncio.run(nobody())
    assert tally.lost
    assert all("no connection" in each.reason for each in tally.lost)


def test_a_burst_asks_once_each() -> None:
    """Nobody is there: as many are lost as there were clients."""
    tally = asyncio.run(burst(1, 20, Request("GET", "/")))
    assert (tally.answered, len(tally.lost)) == (0, 20)


def test_the_mix_is_half_post_with_slow_and_large_ones() -> None:
    """Bodies differ; the sleep of a slow one is known, and its latency taken without it."""
    asks = [mixed(random.Random(number), number) for number in range(400)]
    assert sum(ask.method == "POST" for ask in asks) == 200
    assert len({ask.body for ask in asks}) > 190
    assert sum(ask.sleeps > 0 for ask in asks) == 10
    assert [ask.path for ask in asks if not ask.timed] == ["/large"]


def test_an_idle_connection_whose_end_crosses_with_a_request_is_lost_by_a_name_of_its_own() -> None:
    """And one that is reset before a first answer by another."""

    async def answering(first: int) -> set[str]:
        """Let one client ask a server that answers so many requests of each connection and resets it at the next."""

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
        async with server, load(port, 1, next_ask=plain("/", None)) as tally:
            async with asyncio.timeout(10):
                while not tally.lost:
                    await asyncio.sleep(0.01)
        assert tally.answered >= first
        return {each.reason for each in tally.lost}

    assert asyncio.run(answering(0)) == {"reset before the answer"}
    assert asyncio.run(answering(3)) == {CLOSED}
