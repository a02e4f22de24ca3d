"""The drain: no new clients, everybody who is here is answered, then nobody is left.

nginx keeps idle connections to a worker and may send a request on one at any moment; a POST that was sent on a
connection that the worker closes is lost, because nginx must not repeat it (proxy_next_upstream). So a worker
never closes an idle connection before the drain deadline: it answers with ``Connection: close`` and waits for
nginx, whose upstream keepalive_timeout is far below the deadline.
"""

import asyncio
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from aiohttp_fleet.worker.listener import Listener
from aiohttp_fleet.worker.websockets import Websockets

TICK = 0.05
"""Seconds between two looks. The first look comes one tick after the path is gone, so that a client which was
inside ``connect(2)`` at that moment has reached the backlog."""


class Runner(web.AppRunner):
    """An AppRunner whose on_shutdown signal can be sent early, and is sent once."""

    __slots__ = ("is_shut",)

    def __init__(self, app: web.Application, **kwargs: object) -> None:
        super().__init__(app, **kwargs)  # type: ignore[arg-type]
        self.is_shut = False

    async def shutdown(self) -> None:
        """Send the application's on_shutdown signal, the first time only."""
        if self.is_shut:
            return
        self.is_shut = True
        try:
            await super().shutdown()
        except Exception:  # the application's; the rest of the clean-up is owed to it all the same
            traceback.print_exc()


@dataclass(frozen=True)
class Traffic:
    """The HTTP connections of a server at one moment.

    Attributes:
        busy: connections with a request in flight, an answer being written, or a request not yet read.
        idle: kept-alive connections that wait for a next request.
        websockets: open websockets, in neither of the two.
    """

    busy: int
    idle: int
    websockets: int

    def __bool__(self) -> bool:
        return bool(self.busy or self.idle or self.websockets)

    def __str__(self) -> str:
        return f"{self.busy} requests, {self.idle} idle connections and {self.websockets} websockets"


def look(server: web.Server, websockets: Websockets) -> Traffic:
    """Count the connections of ``server``."""
    connections = server.connections
    idle = sum(map(_is_idle, connections))
    opened = len(websockets.open())
    return Traffic(max(len(connections) - idle - opened, 0), idle, opened)


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


async def drain(runner: Runner, listeners: Sequence[Listener], websockets: Websockets, seconds: float) -> Traffic:
    """Withdraw the listeners and wait until the last client is gone.

    The application's on_shutdown signal is sent when no new request can arrive, or as soon as only websockets
    are left to wait for; each websocket that it does not close then gets code 1001.

    Args:
        runner: the running application.
        listeners: its sites.
        websockets: those it has opened.
        seconds: the deadline.

    Returns:
        Who is still there at the deadline: nothing, usually.
    """
    server = runner.server
    assert server is not None  # the runner is set up
    announce_close()
    for listener in listeners:
        await listener.withdraw()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    goodbye: asyncio.Task[None] | None = None
    while True:
        await asyncio.sleep(TICK)
        traffic = look(server, websockets)
        pending = any(listener.pending() for listener in listeners)
        if loop.time() >= deadline or not (traffic or pending):
            return traffic
        if not pending and (goodbye is None or goodbye.done()):
            goodbye = _say_goodbye(traffic, runner, websockets)


def _say_goodbye(traffic: Traffic, runner: Runner, websockets: Websockets) -> asyncio.Task[None] | None:
    if traffic.websockets and not traffic.busy:
        return asyncio.create_task(_close(runner, websockets))
    if not traffic.idle and not runner.is_shut:
        return asyncio.create_task(runner.shutdown())
    return None


async def _close(runner: Runner, websockets: Websockets) -> None:
    await runner.shutdown()  # an application that closes its own websockets may say why
    await websockets.close()
