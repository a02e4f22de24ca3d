"""The control site: a private second socket on which a worker tells how it is.

It is served by the same event loop, so whoever gets no answer knows that the loop is blocked; and by a server of its
own, so that no route, middleware or signal of the application's is involved. It is there from before the
application's start-up until the process ends, and what fails here never costs a request.
"""

import asyncio
import contextlib
import os
import resource
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from aiohttp_fleet import __version__
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.aiohttp_internals import requests_count
from aiohttp_fleet.worker.arguments import FORMAT, STATIC_PATH
from aiohttp_fleet.worker.drain import Websockets, count_connections
from aiohttp_fleet.worker.listener import UnixListener
from aiohttp_fleet.worker.socket_path import SocketPath
from aiohttp_fleet.worker.static_routes import described

MODE = 0o600
"""The worker's own user, and root, may ask."""
BACKLOG = 128
BEAT = 0.5
"""Seconds between two looks at the event loop's lag."""
BEATS = 20
"""Ten seconds of them are remembered."""


class LoopLag:
    """How late the event loop has been."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque([0.0], BEATS)

    def start(self) -> None:
        """Begin to beat, on the running loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + BEAT

        def beat() -> None:
            self._lags.append(loop.time() - due)
            self.start()

        loop.call_at(due, beat)

    def lag(self) -> float:
        """Return the longest delay of the last ten seconds, in seconds."""
        return max(self._lags)


@dataclass
class WorkerStatus:
    """What the control site tells about.

    Attributes:
        app: the application, ``MODULE:NAME``.
        forked: whether this process was forked from supervisord.
        state: ``starting``, ``ready`` or ``draining``.
        server: aiohttp's server, once there is one.
        websockets: those it has opened.
        started: the application, once its start-up is done.
    """

    app: str
    forked: bool
    websockets: Websockets
    state: str = "starting"
    server: web.Server | None = None
    started: web.Application | None = None


class ControlSocket:
    """The control site of one worker.

    Args:
        path: its socket path, None for no control site.
        serving: what it tells about.
    """

    def __init__(self, path: str | None, serving: WorkerStatus) -> None:
        self._listener = UnixListener(SocketPath(path, MODE, None), BACKLOG) if path else None
        self._serving = serving
        self._pulse = LoopLag()
        self._began = time.monotonic()
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0)
        self._trouble = ""

    async def open(self) -> None:
        """Begin to answer."""
        self._pulse.start()
        await self._runner.setup()
        if self._listener:
            with self._told():
                await self._listener.open(self._runner)

    async def watch(self) -> None:
        """Bind again where the path is gone. A successor's is left alone: only the sockets decide who serves."""
        if self._listener:
            with self._told():
                await self._listener.still_served()

    async def close(self) -> None:
        """Withdraw the path, where it is still ours, and answer no more."""
        if self._listener:
            await self._listener.withdraw()
        await self._runner.cleanup()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
            self._trouble = ""
        except (FleetError, OSError) as error:
            if str(error) != self._trouble:  # once, not twice a second
                log_line(f"control site: {error}; serving on")
            self._trouble = str(error)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.path != STATIC_PATH:
            return web.json_response(self.health())
        app = self._serving.started
        return web.json_response(text=described(app, started=True)) if app else web.Response(status=503)

    def health(self) -> dict[str, object]:
        """Return what `aiohttp_fleet.supervision.health.Health` documents."""
        serving = self._serving
        counts = count_connections(serving.server, serving.websockets) if serving.server else None
        return {
            "state": serving.state,
            "pid": os.getpid(),
            "name": os.environ.get("SUPERVISOR_PROCESS_NAME", "worker"),
            "app": serving.app,
            "version": __version__,
            "format": FORMAT,
            "forked": serving.forked,
            "uptime": time.monotonic() - self._began,
            "lag": self._pulse.lag(),
            "requests": requests_count(serving.server) if serving.server else 0,
            "in_flight": counts.busy if counts else 0,
            "connections": counts.busy + counts.idle + counts.websockets if counts else 0,
            "websockets": counts.websockets if counts else 0,
            "memory": resident(),
        }


def resident() -> int:
    """Return the bytes of resident memory (proc(5), /proc/pid/statm, second field)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
