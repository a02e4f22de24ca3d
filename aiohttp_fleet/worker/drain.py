"""The drain: accept no new clients, answer those who are connected, end when the last connection is closed.

nginx keeps idle connections to a worker and may send a request on one at any moment. A POST sent on a connection that
the worker closes fails, because nginx must not repeat it (proxy_next_upstream). So a worker never closes an idle
connection before the drain's deadline: it answers with ``Connection: close`` and waits for nginx, whose upstream
keepalive_timeout is far below the deadline.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aiohttp import WSCloseCode, web

from aiohttp_fleet.common.stderr_log import log_traceback
from aiohttp_fleet.worker.aiohttp_internals import close_after_each_answer, connections, is_idle, on_websocket
from aiohttp_fleet.worker.listener import Listener

INTERVAL = 0.05
"""Seconds between two counts. The first comes one interval after the path is removed: a client that was inside
``connect(2)`` at that moment is in the backlog by then."""
QUIET = 2
"""Counts in a row that must find no connection: one that the event loop has just accepted is neither in the backlog
nor in aiohttp's list yet."""
CLOSE_TIMEOUT = 2.0
"""Seconds for clients to answer a websocket's close frame; one that has vanished never does."""


class EarlyShutdown(web.BaseRunner):
    """A runner whose on_shutdown signal can be sent early, and is sent once."""

    _shutdown: asyncio.Task[None] | None = None

    def begin_shutdown(self) -> asyncio.Task[None]:
        """Send the application's on_shutdown signal if that has not been done, and return the task that sends it."""
        self._shutdown = self._shutdown or asyncio.create_task(self._send())
        return self._shutdown

    async def shutdown(self) -> None:
        """Wait until the application's on_shutdown handlers are done."""
        await asyncio.shield(self.begin_shutdown())

    async def send_shutdown(self) -> None:
        """Send the signal; a server without an application has none."""

    async def _send(self) -> None:
        try:
            await self.send_shutdown()
        except (Exception, asyncio.CancelledError) as error:
            log_traceback(error)  # the application's own error; the rest of the clean-up runs all the same


class Runner(EarlyShutdown, web.AppRunner):
    """The runner of an application."""

    async def send_shutdown(self) -> None:
        """Send on_shutdown."""
        await self.app.shutdown()


class Websockets:
    """Every websocket that was opened since `watch`, as long as it lives."""

    def __init__(self) -> None:
        self._opened: WeakKeyDictionary[web.WebSocketResponse, web.RequestHandler] = WeakKeyDictionary()

    def watch(self) -> None:
        """Note each websocket from now on, with its connection."""
        on_websocket(self._opened.__setitem__)

    def open(self) -> list[web.WebSocketResponse]:
        """Return those that are not closed."""
        return [ws for ws in self._opened if not ws.closed]

    def connections(self) -> set[web.RequestHandler]:
        """Return the connections they were opened on, those of closed websockets included."""
        return set(self._opened.values())

    async def close(self) -> None:
        """Send each of them close code 1001, "going away", and wait for the answers (RFC 6455, 7.4.1)."""
        closing = (ws.close(code=WSCloseCode.GOING_AWAY, message=b"server restart") for ws in self.open())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await asyncio.gather(*closing, return_exceptions=True)


@dataclass(frozen=True)
class ConnectionCounts:
    """The connections of a server at one moment.

    Attributes:
        busy: connections with a request in flight, an answer being written, or a request that is still arriving.
        idle: keep-alive connections that wait for their next request.
        websockets: websockets whose handler has not ended; counted in neither of the two.
    """

    busy: int
    idle: int
    websockets: int

    def __str__(self) -> str:
        return f"{self.busy} requests, {self.idle} idle connections and {self.websockets} websockets"


def count_connections(server: web.Server, websockets: Websockets) -> ConnectionCounts:
    """Count the connections of ``server``."""
    found = connections(server)
    upgraded = found & websockets.connections()
    idle = sum(map(is_idle, found - upgraded))
    return ConnectionCounts(len(found) - len(upgraded) - idle, idle, len(upgraded))


async def drain(
    runner: EarlyShutdown, listeners: Sequence[Listener], websockets: Websockets, seconds: float
) -> ConnectionCounts | None:
    """Withdraw the listeners and wait until the last connection is closed.

    The application's on_shutdown signal is sent when no idle connection is left that could bring a new request, or as
    soon as the ordinary requests are done and websockets are left; each websocket that it does not close then gets
    code 1001. The drain does not wait for a handler that continues after its websocket is closed.

    Args:
        runner: the running application.
        listeners: where it listens.
        websockets: those it has opened.
        seconds: the deadline.

    Returns:
        The connections left at the deadline; None when all were closed before it.
    """
    server = runner.server
    assert server is not None  # the runner is set up
    close_after_each_answer()
    for listener in listeners:
        await listener.withdraw()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    closing: asyncio.Task[None] | None = None
    quiet = 0
    while True:
        await asyncio.sleep(INTERVAL)
        counts = count_connections(server, websockets)
        is_pending = any(listener.is_pending() for listener in listeners)
        is_closing = closing is not None and not closing.done()
        is_used = is_pending or counts.busy or counts.idle or is_closing or websockets.open()
        quiet = 0 if is_used else quiet + 1
        if quiet == QUIET:
            return None
        if loop.time() >= deadline:
            return counts
        if not (is_pending or counts.idle):
            runner.begin_shutdown()
        if not (is_pending or counts.busy or is_closing) and websockets.open():
            closing = asyncio.create_task(_close(runner, websockets))


async def _close(runner: EarlyShutdown, websockets: Websockets) -> None:
    await runner.shutdown()  # an application that closes its own websockets may give a reason
    await websockets.close()
