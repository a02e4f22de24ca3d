"""One client connection: each request is sent once, and each response is compared with what it should be."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import h11

from aiohttp_fleet_drill.requests import POST_ID, Request

CLOSED = "the keep-alive connection was closed before the response"
"""What a client sees when its request crosses with the end of its idle connection."""
TIMEOUT = 60.0
"""Seconds until a request without a response has failed."""
CROSSING = 0.1
"""Seconds after a request on an idle connection in which an end of that connection crossed with it: on one machine a
packet takes far less, but this process may have had to wait for the processor."""
ERROR = 400
"""The lowest HTTP status that is an error."""


@dataclass
class _Exchange:
    """A request in flight.

    Attributes:
        request: the request.
        sent: when it was sent, in seconds of the loop's clock.
        problem: set once the response is complete: what is wrong with it, empty when nothing is.
        begun: whether a byte of the response has arrived.
        status: the response's status, 0 until its head is complete.
        body: the response's body so far.
    """

    request: Request
    sent: float
    problem: asyncio.Future[str]
    begun: bool = False
    status: int = 0
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """A keep-alive connection, for one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._exchange: _Exchange | None = None
        self._used = False

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, request: Request, post_id: str = "") -> str:
        """Send a request, wait for its response, and return what is wrong with it: empty when nothing is.

        Args:
            request: the request.
            post_id: the id of a POST.
        """
        assert self._transport is not None, "it is not connected"
        loop = asyncio.get_running_loop()
        self._exchange = _Exchange(request, loop.time(), loop.create_future())
        self._transport.write(self._wire(request, post_id))
        try:
            async with asyncio.timeout(TIMEOUT + request.sleeps):
                return await self._exchange.problem
        except TimeoutError:
            return f"no response in {TIMEOUT:g} s"
        finally:
            self._exchange, self._used = None, True
            if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
                self._http.start_next_cycle()
            else:
                self.close()

    def _wire(self, request: Request, post_id: str) -> bytes:
        headers = [("Host", "drill"), ("Content-Length", str(len(request.body)))]
        if request.method == "POST" and post_id:
            headers.append((POST_ID, post_id))
        head = h11.Request(method=request.method, target=request.path, headers=headers)
        return b"".join(self._http.send(event) or b"" for event in (head, h11.Data(request.body), h11.EndOfMessage()))

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (called by the event loop)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has all methods, but not the type

    def data_received(self, data: bytes) -> None:
        """Parse a part of a response (called by the event loop)."""
        if self._exchange is None:
            self.close()  # there was no request
            return
        self._exchange.begun = True
        try:
            self._receive(self._exchange, data)
        except h11.RemoteProtocolError:
            _finish(self._exchange, "not HTTP")

    def connection_lost(self, error: Exception | None) -> None:
        """Finish a request in flight (called by the event loop)."""
        if self._exchange is None:
            return
        try:
            if error is None:
                self._receive(self._exchange, b"")  # the end of a response without a length
        except h11.RemoteProtocolError:
            pass
        _finish(self._exchange, self._cut(self._exchange, error))

    def _receive(self, exchange: _Exchange, data: bytes) -> None:
        """Give h11 what has arrived, and take what it makes of it.

        Raises:
            h11.RemoteProtocolError: this is not HTTP, or not all of a response.
        """
        self._http.receive_data(data)
        while (event := self._http.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                exchange.status = event.status_code
            elif isinstance(event, h11.Data):
                exchange.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                _finish(exchange, _wrong(exchange))
                return

    def _cut(self, exchange: _Exchange, error: Exception | None) -> str:
        how = "reset" if isinstance(error, OSError) else "closed"
        if exchange.begun:
            return f"{how} in the middle of the response"
        crossed = asyncio.get_running_loop().time() - exchange.sent < CROSSING
        return CLOSED if self._used and crossed else f"{how} before the response"


def _finish(exchange: _Exchange, problem: str) -> None:
    if not exchange.problem.done():
        exchange.problem.set_result(problem)


def _wrong(exchange: _Exchange) -> str:
    if exchange.status >= ERROR:
        return f"status {exchange.status}"
    return "a wrong body" if exchange.request.echoed and exchange.body != exchange.request.body else ""
