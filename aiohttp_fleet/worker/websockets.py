"""The websockets this worker holds open, so that a drain can close them properly."""

import asyncio
from weakref import WeakSet

from aiohttp import WSCloseCode, web
from aiohttp.abc import AbstractStreamWriter


class Websockets:
    """Every websocket that was opened since `watch`, as long as it lives."""

    def __init__(self) -> None:
        self._opened: WeakSet[web.WebSocketResponse] = WeakSet()

    def watch(self) -> None:
        """Note each websocket as it opens: aiohttp keeps no list of them.

        Wraps `web.WebSocketResponse.prepare`, which costs a websocket about a microsecond once and any other
        request nothing; an ``on_response_prepare`` signal would cost every response.
        """
        opened = self._opened
        prepare = web.WebSocketResponse.prepare

        async def noted(self: web.WebSocketResponse, request: web.BaseRequest) -> AbstractStreamWriter:
            writer = await prepare(self, request)
            opened.add(self)
            return writer

        web.WebSocketResponse.prepare = noted  # type: ignore[assignment,method-assign]

    def open(self) -> list[web.WebSocketResponse]:
        """Return those that nobody has closed yet."""
        return [ws for ws in self._opened if not ws.closed]

    async def close(self) -> None:
        """Send each of them close code 1001, "going away", and wait for the answers (RFC 6455, 7.4.1)."""
        closing = (ws.close(code=WSCloseCode.GOING_AWAY, message=b"server restart") for ws in self.open())
        await asyncio.gather(*closing, return_exceptions=True)
