"""The life of a worker: start the application, open the sites, serve, drain, clean up."""

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

WATCH = 0.5
"""Seconds between two looks at the paths, where nothing calls for one earlier."""
KEEPALIVE = 3630.0
"""Seconds; nginx is the one that closes idle connections, aiohttp's own default for a server behind a proxy."""


async def serve(
    app: web.Application,
    listeners: Sequence[Listener],
    control: ControlSocket,
    serving: WorkerStatus,
    options: Options,
    stop: asyncio.Event,
) -> None:
    """Serve ``app`` until SIGTERM, SIGINT, ``stop`` or the loss of a path, then drain.

    Args:
        app: the application.
        listeners: where to serve it.
        control: the control site.
        serving: what the control site tells about.
        options: the command line.
        stop: set by whoever else wants it to drain.

    Raises:
        FleetError: a listener could not be opened.
        asyncio.CancelledError: a signal came while the application was still starting.
    """
    for sentence in await missing():
        log_line(sentence)
    serving.websockets.watch()
    use_forwarded_headers()
    runner = Runner(
        app,
        keepalive_timeout=KEEPALIVE,
        shutdown_timeout=CLEANUP,
        handler_cancellation=options.handler_cancellation,
        access_log=_access_logger() if options.access_log else None,
    )
    _end_start_up_by_signal()
    _watch_parent()
    await control.open()
    try:
        await _live(app, runner, listeners, control, serving, options.drain, stop)
    finally:
        await control.close()


async def _live(
    app: web.Application,
    runner: Runner,
    listeners: Sequence[Listener],
    control: ControlSocket,
    serving: WorkerStatus,
    seconds: float,
    stop: asyncio.Event,
) -> None:
    await runner.setup()
    serving.server, serving.started = runner.server, app
    try:
        for listener in listeners:
            await listener.open(runner)
        _drain_by_signal(stop)
        serving.state = "ready"
        log_line(f"ready on {' and '.join(map(str, listeners))}")
        await _until_stopped(stop, listeners, control)
        serving.state = "draining"
        began = time.monotonic()
        cut = await drain(runner, listeners, serving.websockets, seconds)
        took = time.monotonic() - began
        log_line(f"drain deadline of {seconds:g} s: cut {cut}" if cut else f"drained in {took:.1f} s")
    finally:
        for listener in listeners:
            await listener.withdraw()
        await _clean_up(runner)


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


def _end_start_up_by_signal() -> None:
    main = asyncio.current_task()
    assert main is not None  # serve is a coroutine
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, main.cancel)


def _drain_by_signal(stop: asyncio.Event) -> None:
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
    """Notice at once when supervisord dies: the pipe that it reads our output from dies with it."""
    with contextlib.suppress(OSError):  # no parent to be seen from this pid namespace
        fd = os.pidfd_open(os.getppid())
        loop = asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            discard_closed_output()
            log_line("the parent process is gone; serving on")

        loop.add_reader(fd, orphaned)
        discard_closed_output()  # it may have died already


async def _until_stopped(stop: asyncio.Event, listeners: Sequence[Listener], control: ControlSocket) -> None:
    """Return when ``stop`` is set or a successor has taken over one of the listeners."""
    trouble = ""
    with contextlib.closing(PathWatch()) as notice:
        while True:
            notice.watch(map(str, listeners))
            await _first_of(stop, notice.changed)
            if stop.is_set():
                return
            try:
                if not await _still_served(listeners):
                    return
                trouble = ""
            except FleetError as error:
                if str(error) != trouble:  # once, not twice a second
                    log_line(f"{error}; trying again")
                trouble = str(error)
            await control.watch()


async def _first_of(*events: asyncio.Event) -> None:
    """Return when one of them is set, or after `WATCH` seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=WATCH, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _still_served(listeners: Sequence[Listener]) -> bool:
    for listener in listeners:
        if not await listener.still_served():
            log_line(f"{listener}: a successor has taken over: draining")
            return False
    return True
