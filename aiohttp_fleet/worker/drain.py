"""The drain: no new clients, everybody who is here is answered, then nobody is left.

nginx keeps idle connections to a worker and may send a request on one at any moment; a POST that was sent on a
connection that the worker closes is lost, because nginx must not repeat it (proxy_next_upstream). So a worker
never closes an idle connection before the drain deadline: it answers with ``Connection: close`` and waits for
nginx, whose upstream keepalive_timeout is far below the deadline.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from aiohttp_fleet.common.stderr_log import log_traceback
from aiohttp_fleet.worker.listener import Listener
from aiohttp_fleet.worker.websockets import Websockets

TICK = 0.05
"""Seconds between two looks. The first look comes one tick after the path is gone, so that a client which was
inside ``connect(2)`` at that moment has reached the backlog."""
QUIET = 2
"""Looks in a row that must find nobody: a connection that the loop has just accepted is in neither count yet."""


class Runner(web.AppRunner):
    """An AppRunner whose on_shutdown signal can be sent early, and is sent once."""

    __slots__ = ("_shutdown",)

    def __init__(self, app: web.Application, **kwargs: object) -> None:
        super().__init__(app, **kwargs)  # type: ignore[arg-type]
        self._shutdown: asyncio.Task[None] | None = None

    def begin_shutdown(self) -> asyncio.Task[None]:
        """Send the application's on_shutdown signal, the first time, and return the task that does."""
        self._shutdown = self._shutdown or asyncio.create_task(self._send())
        return self._shutdown

    async def shutdown(self) -> None:
        """Wait until the application's on_shutdown handlers are done."""
        await asyncio.shield(self.begin_shutdown())

    async def _send(self) -> None:
        try:
            await super().shutdown()
        except (Exception, asyncio.CancelledError) as error:
            log_traceback(error)  # the application's own; the rest of the clean-up is owed to it all the same


@dataclass(frozen=True)
class Traffic:
    """The HTTP connections of a server at one moment.

    Attributes:
        busy: connections with a request in flight, an answer being written, or a request not yet read.
        idle: kept-alive connections that wait for a next request.
        websockets: websockets whose handler has not ended, in neither of the two.
    """

    busy: int
    idle: int
    websockets: int

    def __str__(self) -> str:
        return f"{self.busy} requests, {self.idle} idle connections and {self.websockets} websockets"


def look(server: web.Server, websockets: Websockets) -> Traffic:
    """Count the connections of ``server``."""
    connections = set(server.connections)
    upgraded = connections & websockets.connections()
    idle = sum(map(_is_idle, connections - upgraded))
    return Traffic(len(connections) - len(upgraded) - idle, idle, len(upgraded))


def _is_idle(connection: web.RequestHandler) -> bool:
    """Whether it waits for a next request; aiohttp has no public word for it (web_protocol.py, start)."""
    waiter = connection._waiter
    return waiter is not None and not waiter.done()


def announce_close() -> None:
    """Make every answer from now on carry ``Connection: close``, those to requests in flight included.

    Replaces a property of aiohttp's class for the rest of this process's life, so that it costs nothing before.
    ``force_close()`` in an on_response_prepare signal would be too late for the header.
    """
    web.BaseRequest.keep_alive = property(lambda request: False)  # type: ignore[method-assign,assignment]


async def drain(
    runner: Runner, listeners: Sequence[Listener], websockets: Websockets, seconds: float
) -> Traffic | None:
    """Withdraw the listeners and wait until the last client is gone.

    The application's on_shutdown signal is sent when no idle connection is left that could bring a new request,
    or as soon as the ordinary requests are done and websockets are left; each websocket that it does not close
    then gets code 1001. A handler that goes on after its websocket was closed is not waited for.

    Args:
        runner: the running application.
        listeners: its sites.
        websockets: those it has opened.
        seconds: the deadline.

    Returns:
        Who was still there at the deadline; None when all had left before it.
    """
    server = runner.server
    assert server is not None  # the runner is set up
    announce_close()
    for listener in listeners:
        await listener.withdraw()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    closing: asyncio.Task[None] | None = None
    quiet = 0
    while True:
        await asyncio.sleep(TICK)
        traffic = look(server, websockets)
        pending = any(listener.pending() for listener in listeners)
        is_closing = closing is not None and not closing.done()
        is_used = pending or traffic.busy or traffic.idle or is_closing or websockets.open()
        quiet = 0 if is_used else quiet + 1
        if quiet == QUIET:
            return None
        if loop.time() >= deadline:
            return traffic
        if not (pending or traffic.idle):
            runner.begin_shutdown()
        if not (pending or traffic.busy or is_closing) and websockets.open():
            closing = asyncio.create_task(_close(runner, websockets))


async def _close(runner: Runner, websockets: Websockets) -> None:
    await runner.shutdown()  # an application that closes its own websockets may say why
    await websockets.close()
