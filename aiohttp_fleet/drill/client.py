"""One client on raw connections: what is sent is sent once, and each answer is compared with what it should be."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp_fleet.drill.rules import CLOSED
from aiohttp_fleet.drill.tally import Lost, Tally

ANSWER = 60.0
"""Seconds; who waits longer has been lost."""
PAUSE = 0.02
"""Seconds before the next connect after one that was refused."""


@dataclass(frozen=True)
class Ask:
    """A request and what is expected.

    Attributes:
        method: GET or POST.
        path: the path.
        body: what is sent, and expected back, with a POST.
        sleeps: seconds that the handler takes by itself.
        timed: whether its latency counts; a large answer's says more about the disk and the client.
    """

    method: str
    path: str
    body: bytes = b""
    sleeps: float = 0.0
    timed: bool = True

    def wire(self) -> bytes:
        """Return its bytes."""
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: drill\r\nContent-Length: {len(self.body)}\r\n\r\n"
        return head.encode() + self.body


def mixed(chance: random.Random, number: int) -> Ask:
    """Return the next request of a mix: every second a POST, one in 40 slow, one in 400 large."""
    if number % 2:
        return Ask("POST", "/", chance.randbytes(chance.randrange(1, 2000)))
    if number % 40 == 0:
        sleeps = chance.uniform(0.5, 2)
        return Ask("GET", f"/slow?seconds={sleeps:.3f}", sleeps=sleeps)
    return Ask("GET", "/large", timed=False) if number % 400 == 20 else Ask("GET", "/")


def plain(chance: random.Random, number: int) -> Ask:
    """Return GET and POST in turn, for an application that is not the drill's."""
    return Ask("POST", "/", b"x" * 500) if number % 2 else Ask("GET", "/")


NextAsk = Callable[[random.Random, int], Ask]
"""Makes a request of a random source and a number."""


class Client:
    """One of many that keep their connections alive.

    Args:
        address: host and port.
        tally: where it counts.
        next_ask: makes the next request of a random source and a number.
        interval: seconds from one request to the next, 0 for none.
        number: which client it is.
    """

    def __init__(self, address: tuple[str, int], tally: Tally, next_ask: NextAsk, interval: float, number: int) -> None:
        self._address = address
        self._tally = tally
        self._next = next_ask
        self._interval = interval
        self._chance = random.Random(number)
        self._number = number

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until ``stop`` is set; the last answer is waited for."""
        due = asyncio.get_running_loop().time() + self._chance.uniform(0, self._interval)
        while not stop.is_set():
            try:
                reader, writer = await asyncio.open_connection(*self._address)
            except OSError as error:
                self._lose(asyncio.get_running_loop().time(), "GET", f"no connection ({error.strerror})")
                await asyncio.sleep(PAUSE)
                continue
            try:
                due = await self._talk(reader, writer, stop, due)
            finally:
                writer.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: asyncio.Event, due: float
    ) -> float:
        """Use one connection as long as it lasts; return when the next request is due."""
        loop = asyncio.get_running_loop()
        kept = False
        while not stop.is_set():
            await _sleep_until(due, stop)
            if stop.is_set() or reader.at_eof():  # closed by nginx while nobody wanted anything of it
                break
            self._number += 1
            ask = self._next(self._chance, self._number)
            began = loop.time()
            due = max(due + self._interval, began)
            try:
                async with asyncio.timeout(ANSWER + ask.sleeps):
                    writer.write(ask.wire())
                    reason, stays = await _read(reader, ask)
            except TimeoutError:
                reason, stays = f"no answer in {ANSWER:g} s", False
            except asyncio.IncompleteReadError as error:
                reason, stays = _cut(kept, bool(error.partial)), False
            except OSError as error:
                reason, stays = f"{_cut(kept, False)} ({error.strerror})", False
            if reason:
                self._lose(began, ask.method, reason)
            else:
                self._tally.answers.append((began, loop.time() - began - ask.sleeps if ask.timed else 0.0))
            if not stays:
                break
            kept = True
        return due

    def _lose(self, at: float, method: str, reason: str) -> None:
        self._tally.lost.append(Lost(at, method, reason))


def _cut(kept: bool, begun: bool) -> str:
    if begun:
        return "the answer broke off"
    return CLOSED if kept else "closed before the answer"


async def _read(reader: asyncio.StreamReader, ask: Ask) -> tuple[str, bool]:
    """Read an answer; return what is wrong with it, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].split("\r\n")[0])
    body = await reader.readexactly(length)
    status = head.split(" ", 2)[1]
    stays = "connection: close" not in head
    if status != "200":
        return f"status {status}", stays
    return ("a wrong body" if ask.method == "POST" and body != ask.body else ""), stays


async def _sleep_until(due: float, stop: asyncio.Event) -> None:
    rest = due - asyncio.get_running_loop().time()
    if rest > 0:
        try:
            await asyncio.wait_for(stop.wait(), rest)
        except TimeoutError:
            return


@asynccontextmanager
async def load(
    port: int, clients: int, rate: float = 0, next_ask: NextAsk = plain, host: str = "127.0.0.1"
) -> AsyncIterator[Tally]:
    """Keep ``clients`` kept-alive connections busy.

    Args:
        port: of the site.
        clients: how many.
        rate: requests a second of all together, 0 for as many as go.
        next_ask: what is asked.
        host: of the site.
    """
    tally = Tally()
    stop = asyncio.Event()
    interval = clients / rate if rate else 0.0
    made = [Client((host, port), tally, next_ask, interval, number * 1000) for number in range(clients)]
    tasks = [asyncio.create_task(client.run(stop)) for client in made]
    try:
        yield tally
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def burst(port: int, clients: int, ask: Ask, host: str = "127.0.0.1") -> Tally:
    """Let ``clients`` connect at once and ask for the same, once each.

    Args:
        port: of the site.
        clients: how many.
        ask: what they ask for.
        host: of the site.
    """
    tally = Tally()
    loop = asyncio.get_running_loop()

    async def one() -> None:
        began = loop.time()
        try:
            async with asyncio.timeout(ANSWER):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(ask.wire())
                reason, _ = await _read(reader, ask)
                writer.close()
        except (OSError, EOFError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
        if reason:
            tally.lost.append(Lost(began, ask.method, reason))
        else:
            tally.answers.append((began, loop.time() - began - ask.sleeps))

    await asyncio.gather(*(one() for _ in range(clients)))
    return tally
