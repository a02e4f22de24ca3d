"""One raw connection: what is sent is sent once, and each answer is compared with what it should be."""

import asyncio
from typing import cast

from aiohttp_fleet_drill.requests import Request
from aiohttp_fleet_drill.response_parser import Response

CLOSED = "the kept-alive connection was closed before the answer"
"""What a client sees whose request crosses with the end of its idle connection."""
TOO_LATE = 60.0
"""Seconds; who waits longer has been lost."""
CROSSING = 0.1
"""Seconds after a request was sent on an idle connection in which its end has crossed with it: on one machine a packet
takes far less, but this process may not have been awake to see it."""
FAILED = 400


class Connection(asyncio.Protocol):
    """A kept-alive connection, for one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._asked: tuple[Request, Response, asyncio.Future[str]] | None = None
        self._sent = 0.0
        self._used = False

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, ask: Request) -> str:
        """Send a request, wait for its answer, and return what is wrong with it: nothing when it is right."""
        assert self._transport is not None, "it is not connected"
        loop = asyncio.get_running_loop()
        answer = Response()
        done: asyncio.Future[str] = loop.create_future()
        self._asked, self._sent = (ask, answer, done), loop.time()
        self._transport.write(ask.wire())
        try:
            async with asyncio.timeout(TOO_LATE + ask.sleeps):
                return await done
        except TimeoutError:
            self.close()
            return f"no answer in {TOO_LATE:g} s"
        finally:
            self._asked, self._used = None, True
            if not answer.keeps:
                self.close()

    def close(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (called by the event loop)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one that does not say so

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer (called by the event loop)."""
        if self._asked is None:
            self.close()  # nobody has asked for anything
            return
        ask, answer, _ = self._asked
        try:
            if answer.feed(data):
                self._end(_wrong(ask, answer))
        except ValueError:
            self._end("no HTTP")
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Take the end (called by the event loop)."""
        if self._asked is None:
            return
        ask, answer, _ = self._asked
        self._end(_wrong(ask, answer) if answer.until_close and error is None else self._cut(answer, error))

    def _end(self, reason: str) -> None:
        if self._asked and not self._asked[2].done():
            self._asked[2].set_result(reason)

    def _cut(self, answer: Response, error: Exception | None) -> str:
        how = "reset" if isinstance(error, OSError) else "closed"
        if answer.begun:
            return f"{how} in the middle of the answer"
        crossed = asyncio.get_running_loop().time() - self._sent < CROSSING
        return CLOSED if self._used and crossed else f"{how} before the answer"


def _wrong(ask: Request, answer: Response) -> str:
    if answer.status >= FAILED:
        return f"status {answer.status}"
    return "a wrong body" if ask.echoed and answer.body != ask.body else ""
