"""Tests of aiohttp_fleet/drill/client.py, against a server that does what servers should not."""

import asyncio
import contextlib
import random

import pytest

from aiohttp_fleet.drill.client import Ask, burst, load, mixed
from aiohttp_fleet.drill.tally import Tally

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
    assert 0 < tally.worst(0) < 60


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "status 502"),
        (OK % 10 + b"half", "the answer broke off"),
        (b"HTTP/1.1 200", "the answer broke off"),
        (b"\r", "the answer broke off"),
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
    tally = asyncio.run(_against(OK % 4 + b"oops"))
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
    tally = asyncio.run(burst(1, 20, Ask("GET", "/")))
    assert (tally.answered, len(tally.lost)) == (0, 20)


def test_the_mix_is_half_post_with_slow_and_large_ones() -> None:
    """Bodies differ; the sleep of a slow one is known, and its latency taken without it."""
    asks = [mixed(random.Random(number), number) for number in range(400)]
    assert sum(ask.method == "POST" for ask in asks) == 200
    assert len({ask.body for ask in asks}) > 190
    assert sum(ask.sleeps > 0 for ask in asks) == 10
    assert [ask.path for ask in asks if not ask.timed] == ["/large"]
