"""The life of a worker: start the application, listen, serve, drain, clean up."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Sequence

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import discard_closed_output, log_line
from aiohttp_fleet.worker.aiohttp_internals import missing
from aiohttp_fleet.worker.arguments import CLEANUP, Options
from aiohttp_fleet.worker.control_socket import ControlSocket, WorkerStatus
from aiohttp_fleet.worker.drain import Runner, drain
from aiohttp_fleet.worker.forwarded import use_forwarded_headers
from aiohttp_fleet.worker.listener import Listener
from aiohttp_fleet.worker.path_watch import PathWatch
from aiohttp_fleet.worker.self_check import check

CHECK = 0.5
"""Seconds between two checks of the paths; inotify starts one earlier."""
KEEPALIVE = 3630.0
"""Seconds; nginx closes idle connections long before. aiohttp's own default for a server behind a proxy."""


async def serve(
    app: web.Application,
    listeners: Sequence[Listener],
    control: ControlSocket,
    status: WorkerStatus,
    options: Options,
    stop: asyncio.Event,
) -> None:
    """Serve ``app`` until SIGTERM, SIGINT, ``stop``, or until a successor has one of the paths; then drain.

    Args:
        app: the application.
        listeners: where to serve it.
        control: the control socket.
        status: what the control socket reports.
        options: the command line.
        stop: starts the drain when it is set.

    Raises:
        FleetError: a listener could not be opened.
        asyncio.CancelledError: a signal came during the application's start-up.
    """
    if not status.shares:  # its template has said it
        for sentence in await missing():
            log_line(sentence)
    status.websockets.watch()
    use_forwarded_headers()
    runner = Runner(
        app,
        keepalive_timeout=KEEPALIVE,
        shutdown_timeout=CLEANUP,
        handler_cancellation=options.handler_cancellation,
        access_log=_access_logger() if options.access_log else None,
    )
    _cancel_on_signal()
    _watch_parent()
    async with contextlib.AsyncExitStack() as stack:
        await control.open()
        stack.push_async_callback(control.close)
        await runner.setup()
        stack.push_async_callback(_clean_up, runner)
        assert runner.server is not None  # it is set up
        status.server, status.started = runner.server, app
        if options.check:
            await check(runner.server, options.check)
        for listener in listeners:
            stack.push_async_callback(listener.withdraw)
            await listener.open(runner)
        _drain_on_signal(stop)
        status.state = "ready"
        log_line(f"ready on {' and '.join(map(str, listeners))}")
        await _until_stopped(stop, listeners, control)
        status.state = "draining"
        began = time.monotonic()
        left = await drain(runner, listeners, status.websockets, options.drain)
        took = time.monotonic() - began
        log_line(f"drain deadline of {options.drain:g} s: cut {left}" if left else f"drained in {took:.1f} s")


async def _clean_up(runner: Runner) -> None:
    try:
        await runner.cleanup()
    except asyncio.CancelledError as error:  # the application's, from a task that it cancelled and awaited
        raise RuntimeError("a clean-up handler was cancelled") from error


def _access_logger() -> logging.Logger:
    """Return aiohttp's access logger, on stderr where the application has not configured logging."""
    logger = logging.getLogger("aiohttp.access")  # https://docs.aiohttp.org/en/stable/logging.html#access-logs
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
    return logger


def _cancel_on_signal() -> None:
    """Let a signal during the start-up end the worker."""
    main = asyncio.current_task()
    assert main is not None  # serve is a coroutine
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, main.cancel)


def _drain_on_signal(stop: asyncio.Event) -> None:
    """Drain at the first signal; the kernel ends the process at the second, even in a blocked event loop."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def drain_once(name: str) -> None:
        for signum in signals:
            loop.remove_signal_handler(signum)
            signal.signal(signum, signal.SIG_DFL)
        stop.set()
        log_line(f"{name}: draining; a second signal ends it at once")

    for signum in signals:
        loop.add_signal_handler(signum, drain_once, signum.name)


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


async def _until_stopped(stop: asyncio.Event, listeners: Sequence[Listener], control: ControlSocket) -> None:
    """Return when ``stop`` is set or a successor has one of the paths."""
    problem = ""
    with contextlib.closing(PathWatch()) as path_watch:
        while True:
            path_watch.watch(map(str, listeners))
            await _first_of(stop, path_watch.changed)
            if stop.is_set():
                return
            try:
                if not await _keep_bound(listeners):
                    return
                problem = ""
            except FleetError as error:
                if str(error) != problem:  # once, not twice a second
                    log_line(f"{error}; trying again")
                problem = str(error)
            await control.keep_bound()


async def _first_of(*events: asyncio.Event) -> None:
    """Return when one of them is set, or after `CHECK` seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=CHECK, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _keep_bound(listeners: Sequence[Listener]) -> bool:
    for listener in listeners:
        if not await listener.keep_bound():
            log_line(f"{listener}: a successor has taken over: draining")
            return False
    return True
