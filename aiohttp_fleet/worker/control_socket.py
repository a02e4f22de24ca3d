"""The control socket: a private second socket on which a worker reports its health.

The same event loop serves it, so no answer means that the loop is blocked; a server of its own does, so no route,
middleware or signal of the application is involved. It exists from before the application's start-up until the process
ends, and an error here never costs a request.
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
from aiohttp.web import ServerRunner

from aiohttp_fleet import __version__
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.aiohttp_internals import requests_count
from aiohttp_fleet.worker.arguments import FORMAT, STATIC_PATH
from aiohttp_fleet.worker.drain import ConnectionCounts, Websockets, count_connections
from aiohttp_fleet.worker.listener import UnixListener
from aiohttp_fleet.worker.socket_path import SocketPath
from aiohttp_fleet.worker.static_routes import describe

MODE = 0o600
"""Only the worker's own user, and root, may connect."""
BACKLOG = 128
BEAT = 0.5
"""Seconds between two measurements of the event loop's lag."""
BEATS = 20
"""Measurements that are kept: ten seconds."""


class LoopLag:
    """How late the event loop runs a timer."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque([0.0], BEATS)

    def start(self) -> None:
        """Begin to measure, on the running loop."""
        loop = asyncio.get_running_loop()
        scheduled = loop.time() + BEAT

        def beat() -> None:
            self._lags.append(loop.time() - scheduled)
            self.start()

        loop.call_at(scheduled, beat)

    def longest(self) -> float:
        """Return the longest delay of the last ten seconds, in seconds."""
        return max(self._lags)


@dataclass
class WorkerStatus:
    """What the control socket reports.

    Attributes:
        app: the application, ``MODULE:NAME``.
        shares: what it shares with the template that it was forked from; empty when it was executed.
        state: ``starting``, ``ready`` or ``draining``.
        server: aiohttp's server, once there is one.
        websockets: those it has opened.
        started: the application, once its start-up is done.
    """

    app: str
    shares: str
    websockets: Websockets
    state: str = "starting"
    server: web.Server | None = None
    started: web.Application | None = None


class ControlSocket:
    """The control socket of one worker.

    Args:
        path: its path, None for no control socket.
        status: what it reports.
    """

    def __init__(self, path: str | None, status: WorkerStatus) -> None:
        self._listener = UnixListener(SocketPath(path, MODE, None), BACKLOG) if path else None
        self._status = status
        self._loop_lag = LoopLag()
        self._began = time.monotonic()
        self._runner = ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0)
        self._problem = ""

    async def open(self) -> None:
        """Begin to answer."""
        self._loop_lag.start()
        await self._runner.setup()
        if self._listener:
            with self._errors_logged():
                await self._listener.open(self._runner)

    async def keep_bound(self) -> None:
        """Bind again a path that was removed; a successor's is left alone, because only --path decides who serves."""
        if self._listener:
            with self._errors_logged():
                await self._listener.keep_bound()

    async def close(self) -> None:
        """Remove the path, if it is still ours, and stop answering."""
        if self._listener:
            await self._listener.withdraw()
        await self._runner.cleanup()

    @contextlib.contextmanager
    def _errors_logged(self) -> Iterator[None]:
        try:
            yield
            self._problem = ""
        except (FleetError, OSError) as error:
            if str(error) != self._problem:  # once, not twice a second
                log_line(f"control socket: {error}; serving on")
            self._problem = str(error)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.path != STATIC_PATH:
            return web.json_response(self.health())
        app = self._status.started
        return web.json_response(text=describe(app)) if app else web.Response(status=503)

    def health(self) -> dict[str, object]:
        """Return what `aiohttp_fleet.supervision.control_client.Health` documents."""
        status, server = self._status, self._status.server
        counts = count_connections(server, status.websockets) if server else ConnectionCounts(0, 0, 0)
        return {
            "state": status.state,
            "pid": os.getpid(),
            "name": os.environ.get("SUPERVISOR_PROCESS_NAME", "worker"),
            "app": status.app,
            "version": __version__,
            "format": FORMAT,
            "forked": bool(status.shares),
            "shares": status.shares,
            "uptime": time.monotonic() - self._began,
            "lag": self._loop_lag.longest(),
            "requests": requests_count(server) if server else 0,
            "in_flight": counts.busy,
            "connections": counts.busy + counts.idle + counts.websockets,
            "websockets": counts.websockets,
            "memory": resident_bytes(),
        }


def resident_bytes() -> int:
    """Return the resident memory of this process (proc(5), /proc/pid/statm, second field)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
