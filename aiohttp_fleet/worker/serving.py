"""What a worker does around an application that runs: from before its start-up to the end of its drain."""

import asyncio
import contextlib
import os
import time
from collections.abc import Sequence

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import discard_closed_output, log_line
from aiohttp_fleet.worker.aiohttp_internals import missing
from aiohttp_fleet.worker.arguments import Options
from aiohttp_fleet.worker.control_socket import ControlSocket, WorkerStatus
from aiohttp_fleet.worker.drain import EarlyShutdown, Runner, Websockets, drain
from aiohttp_fleet.worker.forked_children import leave_to_worker
from aiohttp_fleet.worker.forwarded import use_forwarded_headers
from aiohttp_fleet.worker.listener import Listener
from aiohttp_fleet.worker.path_watch import PathWatch
from aiohttp_fleet.worker.self_check import check

CHECK = 0.5
"""Seconds between two checks of the paths; inotify starts one earlier."""
KEEPALIVE = 3630.0
"""Seconds; nginx closes idle connections long before. aiohttp's own default for a server behind a proxy."""


class Serving:
    """An application on the worker's sockets.

    Args:
        options: the command line.
        shares: what the worker shares with its template; empty when it was executed.
        listeners: where the application is served.
    """

    def __init__(self, options: Options, shares: str, listeners: Sequence[Listener]) -> None:
        self.listeners = listeners
        self._options = options
        self._status = WorkerStatus(options.app, shares, Websockets())
        self._control: ControlSocket | None = None

    @property
    def has_begun(self) -> bool:
        """Whether its start-up has begun."""
        return self._control is not None

    @property
    def has_been_ready(self) -> bool:
        """Whether it has served."""
        return self._status.state != "starting"

    async def begin(self) -> None:
        """Do what comes before the application's start-up."""
        if not self._status.shares:  # its template has said it
            for sentence in await missing():
                log_line(sentence)
        self._status.websockets.watch()
        use_forwarded_headers(is_unix=self._options.port is None)
        _watch_parent()
        leave_to_worker(self._options)
        self._control = ControlSocket(self._options.control, self._status)
        await self._control.open()

    async def open(self, runner: EarlyShutdown) -> None:
        """Serve it; its start-up is done.

        Args:
            runner: the running application.

        Raises:
            FleetError: a listener could not be opened, or ``--check`` has failed.
        """
        assert runner.server is not None  # it is set up
        self._status.server = runner.server
        self._status.started = runner.app if isinstance(runner, Runner) else None
        if self._options.check:
            await check(runner.server, self._options.check)
        for listener in self.listeners:
            await listener.open(runner)
        self._status.state = "ready"
        log_line(f"ready on {' and '.join(map(str, self.listeners))}")

    async def until_stopped(self, stop: asyncio.Event) -> None:
        """Return when ``stop`` is set or a successor has one of the paths."""
        problem = ""
        with contextlib.closing(PathWatch()) as path_watch:
            while True:
                path_watch.watch(map(str, self.listeners))
                await _first_of(stop, path_watch.changed)
                if stop.is_set():
                    return
                try:
                    if not await self._keep_bound():
                        return
                    problem = ""
                except FleetError as error:
                    if str(error) != problem:  # once, not twice a second
                        log_line(f"{error}; trying again")
                    problem = str(error)
                if self._control:
                    await self._control.keep_bound()

    async def drain(self, runner: EarlyShutdown) -> None:
        """Accept no new clients, answer those that are connected, until ``--drain`` is over."""
        self._status.state = "draining"
        seconds, began = self._options.drain, time.monotonic()
        left = await drain(runner, self.listeners, self._status.websockets, seconds)
        took = time.monotonic() - began
        log_line(f"drain deadline of {seconds:g} s: cut {left}" if left else f"drained in {took:.1f} s")

    async def withdraw(self) -> None:
        """Accept no new clients."""
        for listener in self.listeners:
            await listener.withdraw()

    async def close(self) -> None:
        """Do what comes after the application's clean-up."""
        if self._control:
            await self._control.close()

    async def _keep_bound(self) -> bool:
        for listener in self.listeners:
            if not await listener.keep_bound():
                log_line(f"{listener}: a successor has taken over: draining")
                return False
        return True


def _watch_parent() -> None:
    """Learn at once that supervisord has ended: the pipe from which it reads our output is closed then."""
    with contextlib.suppress(OSError):  # the parent is in another pid namespace
        fd = os.pidfd_open(os.getppid())
        loop = asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            discard_closed_output()
            log_line("the parent process is gone; serving on")

        loop.add_reader(fd, orphaned)
        discard_closed_output()  # it may have ended already


async def _first_of(*events: asyncio.Event) -> None:
    """Return when one of them is set, or after `CHECK` seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=CHECK, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
