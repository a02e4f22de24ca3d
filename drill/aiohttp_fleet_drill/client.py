"""Clients that never ask twice, and count every request that is not answered right."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp_fleet_drill.connection import TOO_LATE, Connection
from aiohttp_fleet_drill.requests import NextRequest, Request, plain
from aiohttp_fleet_drill.tally import Lost, Tally

PAUSE = 0.02
"""Seconds that a client waits who was refused: as fast as possible would be a million refusals."""
SLICE = 0.2
"""Seconds after which a client that waits for its time looks whether the load is to end."""
APART = 1001
"""From the first number of a client to that of the next: an odd one, so that half of them begin with a POST."""


class Client:
    """Asks one request after the other.

    Args:
        address: host and port.
        tally: where it counts.
        tls: how to speak https, None for http.
    """

    def __init__(self, address: tuple[str, int], tally: Tally, tls: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._tls = tls
        self._tally = tally
        self._connection = Connection()

    async def run(self, next_ask: NextRequest, number: int, interval: float, stop: asyncio.Event) -> None:
        """Ask until ``stop`` is set, wait for the last answer, and leave.

        Args:
            next_ask: makes the next request.
            number: of the first request; clients with the same number ask the same.
            interval: seconds from one request to the next, 0 for none.
            stop: ends it.
        """
        loop, chance = asyncio.get_running_loop(), random.Random(number)
        due = loop.time() + chance.uniform(0, interval)
        while not stop.is_set():
            if (rest := due - loop.time()) > 0:
                await asyncio.sleep(min(rest, SLICE))
                continue
            due = max(due + interval, loop.time())
            number += 1
            await self.once(next_ask(chance, number))
        self.close()

    async def once(self, ask: Request) -> None:
        """Ask, on a new connection where the old one has ended, and count what comes of it."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        if reason := await self._connect() or await self._connection.ask(ask):
            self._tally.lost.append(Lost(began, ask.method, reason))
        else:
            self._tally.answers.append((began, loop.time() - began - ask.sleeps if ask.timed else None))

    def close(self) -> None:
        """Leave."""
        self._connection.close()

    async def _connect(self) -> str:
        if self._connection.is_open:
            return ""
        try:
            async with asyncio.timeout(TOO_LATE):
                _, self._connection = await asyncio.get_running_loop().create_connection(
                    Connection, *self._address, ssl=self._tls
                )
        except OSError as error:
            await asyncio.sleep(PAUSE)
            return f"no connection ({error.strerror or 'nobody accepts it'})"
        return ""


@asynccontextmanager
async def load(
    port: int,
    clients: int,
    rate: float = 0,
    next_ask: NextRequest | None = None,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Tally]:
    """Keep ``clients`` kept-alive connections busy; at the end, wait for the last answers.

    Args:
        port: of the site.
        clients: how many.
        rate: requests a second of all together, 0 for as many as go.
        next_ask: what is asked; None for GET / and POST / in turn, which is to come back.
        host: of the site.
        tls: how to speak https, None for http.
    """
    tally, stop = Tally(), asyncio.Event()
    interval = clients / rate if rate else 0.0
    made = [Client((host, port), tally, tls) for _ in range(clients)]
    runs = [
        client.run(next_ask or plain("/", "/", echoed=True), number * APART, interval, stop)
        for number, client in enumerate(made)
    ]
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        yield tally
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def burst(port: int, clients: int, ask: Request, host: str = "127.0.0.1") -> Tally:
    """Let ``clients`` connect at once and ask for the same, once each.

    Args:
        port: of the site.
        clients: how many.
        ask: what they ask for.
        host: of the site.
    """
    tally = Tally()
    made = [Client((host, port), tally) for _ in range(clients)]
    await asyncio.gather(*(client.once(ask) for client in made))
    for client in made:
        client.close()
    return tally
