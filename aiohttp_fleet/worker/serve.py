"""The life of a worker whose application is MODULE:NAME: start it, serve, drain, clean up."""

import asyncio
import contextlib
import signal

from aiohttp import web

from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.access_log import access_logger
from aiohttp_fleet.worker.arguments import CLEANUP, Options
from aiohttp_fleet.worker.drain import Runner
from aiohttp_fleet.worker.serving import KEEPALIVE, Serving


async def serve(app: web.Application, serving: Serving, options: Options, stop: asyncio.Event) -> None:
    """Serve ``app`` until SIGTERM, SIGINT, ``stop``, or until a successor has one of the paths; then drain.

    Args:
        app: the application.
        serving: where to serve it, and how.
        options: the command line.
        stop: starts the drain when it is set.

    Raises:
        FleetError: a listener could not be opened.
        asyncio.CancelledError: a signal came during the application's start-up.
    """
    runner = Runner(
        app,
        keepalive_timeout=KEEPALIVE,
        shutdown_timeout=CLEANUP,
        handler_cancellation=options.handler_cancellation,
        access_log=access_logger() if options.access_log else None,
    )
    _cancel_on_signal()
    async with contextlib.AsyncExitStack() as stack:
        await serving.begin()
        stack.push_async_callback(serving.close)
        await runner.setup()
        stack.push_async_callback(_clean_up, runner)
        stack.push_async_callback(serving.withdraw)
        await serving.open(runner)
        _drain_on_signal(stop)
        await serving.until_stopped(stop)
        await serving.drain(runner)


async def _clean_up(runner: Runner) -> None:
    try:
        await runner.cleanup()
    except asyncio.CancelledError as error:  # the application's, from a task that it cancelled and awaited
        raise RuntimeError("a clean-up handler was cancelled") from error


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
