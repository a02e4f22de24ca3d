"""Clients that send each request once, and count every one without the right response."""

import asyncio
import itertools
import os
import random
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp_fleet_drill.connection import TIMEOUT, Connection
from aiohttp_fleet_drill.requests import NextRequest, Request, plain
from aiohttp_fleet_drill.tally import Failure, Tally, repeated_posts

PAUSE = 0.02
"""Seconds that a client waits after a refused connection; without a pause it would be a million refusals."""
SLICE = 0.2
"""Seconds after which a client that waits for its next request checks whether the load is to end."""
APART = 1001
"""From the first number of a client to that of the next: an odd number, so that half of them begin with a POST."""


class Client:
    """Sends one request after the other.

    Args:
        address: host and port.
        tally: where it counts.
        ids: an id for each POST.
        tls: how to speak https, None for http.
    """

    def __init__(
        self, address: tuple[str, int], tally: Tally, ids: Iterator[str], tls: ssl.SSLContext | None = None
    ) -> None:
        self._address = address
        self._tls = tls
        self._tally = tally
        self._ids = ids
        self._connection = Connection()

    async def run(self, next_request: NextRequest, number: int, interval: float, stop: asyncio.Event) -> None:
        """Send requests until ``stop`` is set, wait for the last response, and close the connection.

        Args:
            next_request: makes the next request.
            number: of the first request; clients with the same number send the same requests.
            interval: seconds from one request to the next, 0 for none.
            stop: ends the run.
        """
        loop, chance = asyncio.get_running_loop(), random.Random(number)
        start = loop.time() + chance.uniform(0, interval)
        while not stop.is_set():
            if (rest := start - loop.time()) > 0:
                await asyncio.sleep(min(rest, SLICE))
                continue
            start = max(start + interval, loop.time())
            number += 1
            await self.once(next_request(chance, number))
        self.close()

    async def once(self, request: Request) -> None:
        """Send a request, on a new connection where the old one has ended, and count the result."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if problem := await self._connect() or await self._connection.send(request, next(self._ids)):
            self._tally.failed.append(Failure(began, request.method, problem))
        else:
            self._tally.answers.append((began, loop.time() - began - request.sleeps if request.timed else None))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _connect(self) -> str:
        if self._connection.is_open:
            return ""
        try:
            async with asyncio.timeout(TIMEOUT):
                _, self._connection = await asyncio.get_running_loop().create_connection(
                    Connection, *self._address, ssl=self._tls
                )
        except OSError as error:
            await asyncio.sleep(PAUSE)
            return f"no connection ({error.strerror or 'it is not accepted'})"
        return ""


@asynccontextmanager
async def load(
    port: int,
    clients: int,
    rate: float = 0,
    next_request: NextRequest | None = None,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    posts: Path | None = None,
) -> AsyncIterator[Tally]:
    """Keep ``clients`` keep-alive connections busy; at the end, wait for the last responses.

    Args:
        port: of the server.
        clients: how many.
        rate: requests a second of all clients together, 0 for as many as possible.
        next_request: makes the requests; None for GET / and POST / in turn, to an application that echoes POSTs.
        host: of the server.
        tls: how to speak https, None for http.
        posts: where the application notes the POSTs that it handles (`aiohttp_fleet_drill.app.note_post`); None where
            it does not.
    """
    tally, stop = Tally(), asyncio.Event()
    interval = clients / rate if rate else 0.0
    run = f"{os.getpid()}.{time.monotonic_ns()}."
    ids = (f"{run}{number}" for number in itertools.count())
    tasks = [
        asyncio.create_task(
            Client((host, port), tally, ids, tls).run(
                next_request or plain("/", "/", echoed=True), number * APART, interval, stop
            )
        )
        for number in range(clients)
    ]
    try:
        yield tally
    finally:
        stop.set()
        await asyncio.gather(*tasks)
    if posts is not None:
        tally.repeated = repeated_posts(posts.read_text(), run)


async def burst(port: int, clients: int, request: Request, host: str = "127.0.0.1") -> Tally:
    """Let ``clients`` connect at once and send the same request, once each.

    Args:
        port: of the server.
        clients: how many.
        request: the request.
        host: of the server.
    """
    tally = Tally()
    made = [Client((host, port), tally, itertools.repeat("")) for _ in range(clients)]
    await asyncio.gather(*(client.once(request) for client in made))
    for client in made:
        client.close()
    return tally
