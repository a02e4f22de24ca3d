"""The websockets this worker holds open, so that a drain can close them properly."""

import asyncio
import contextlib
from weakref import WeakKeyDictionary

from aiohttp import WSCloseCode, web
from aiohttp.abc import AbstractStreamWriter

CLOSE_TIMEOUT = 2.0
"""Seconds that a client gets to answer the close frame; one that has vanished never does."""


class Websockets:
    """Every websocket that was opened since `watch`, as long as it lives."""

    def __init__(self) -> None:
        self._opened: WeakKeyDictionary[web.WebSocketResponse, web.RequestHandler] = WeakKeyDictionary()

    def watch(self) -> None:
        """Note each websocket as it opens: aiohttp keeps no list of them.

        Wraps `web.WebSocketResponse.prepare`, which costs a websocket about a microsecond once and any other
        request nothing; an ``on_response_prepare`` signal would cost every response.
        """
        opened = self._opened
        prepare = web.WebSocketResponse.prepare

        async def noted(self: web.WebSocketResponse, request: web.BaseRequest) -> AbstractStreamWriter:
            writer = await prepare(self, request)
            opened[self] = request.protocol
            return writer

        web.WebSocketResponse.prepare = noted  # type: ignore[assignment,method-assign]

    def open(self) -> list[web.WebSocketResponse]:
        """Return those that nobody has closed yet."""
        return [ws for ws in self._opened if not ws.closed]

    def connections(self) -> set[web.RequestHandler]:
        """Return the connections they were opened on, closed or not."""
        return set(self._opened.values())

    async def close(self) -> None:
        """Send each of them close code 1001, "going away", and wait for the answers (RFC 6455, 7.4.1)."""
        closing = (ws.close(code=WSCloseCode.GOING_AWAY, message=b"server restart") for ws in self.open())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await asyncio.gather(*closing, return_exceptions=True)
