"""Load on raw connections, which never repeats a request, and counts every one that is not answered right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BODY = b"x" * 500


@dataclass
class Tally:
    """What became of the requests.

    Attributes:
        answered: answered with 200 and the right body.
        lost: a line for each that was not.
    """

    answered: int = 0
    lost: list[str] = field(default_factory=list)


@asynccontextmanager
async def load(port: int, clients: int) -> AsyncIterator[Tally]:
    """Keep ``clients`` kept-alive connections busy with GET and POST in turn."""
    tally = Tally()
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_client(port, tally, stop, number)) for number in range(clients)]
    try:
        yield tally
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def answered_more(tally: Tally, count: int, seconds: float = 20) -> None:
    """Wait until ``count`` further requests have been answered."""
    goal = tally.answered + count
    async with asyncio.timeout(seconds):
        while tally.answered < goal:
            await asyncio.sleep(0.01)


async def _client(port: int, tally: Tally, stop: asyncio.Event, number: int) -> None:
    while not stop.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            tally.lost.append(f"connect: {error}")
            continue
        try:
            while not stop.is_set():
                number += 1
                if not await _one(reader, writer, tally, post=number % 2 == 0):
                    break
        except (OSError, EOFError) as error:
            tally.lost.append(f"{'POST' if number % 2 == 0 else 'GET'}: {error!r}")
        finally:
            writer.close()


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tally: Tally, post: bool) -> bool:
    """Send one request; return whether the connection stays open."""
    body = BODY if post else b""
    method = b"POST" if post else b"GET"
    writer.write(method + b" / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    answer = await reader.readexactly(length)
    status = head.split(b"\r\n")[0].decode()
    if " 200 " in status and (not post or answer == BODY):
        tally.answered += 1
    else:
        tally.lost.append(f"{method.decode()}: {status}")
    return b"connection: close" not in head
