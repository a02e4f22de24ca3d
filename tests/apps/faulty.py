"""Applications whose start-up or shutdown is out of the ordinary."""

import asyncio
import contextlib
import logging
import os
import resource
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

from aiohttp import web

from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.worker.drain import INTERVAL
from tests.apps.work import PATIENCE, create_app, seen, slow


def create_slow_start() -> web.Application:
    """Start up only once the file that GATE names is there."""
    app = create_app()

    async def wait(app: web.Application) -> None:
        await seen(Path(os.environ["GATE"]).exists)

    app.on_startup.append(wait)
    return app


def create_failing_start() -> web.Application:
    """Fail in on_startup."""
    app = create_app()

    async def fail(app: web.Application) -> None:
        raise RuntimeError("no database")

    app.on_startup.append(fail)
    return app


def create_exiting() -> web.Application:
    """Exit when asked to, as an application under web.run_app may."""

    async def leave(request: web.Request) -> web.Response:
        raise web.GracefulExit

    app = traced()
    app.router.add_get("/exit", leave)
    return app


def traced() -> web.Application:
    """Print each step of the application's life."""
    app = web.Application()

    async def context(app: web.Application) -> AsyncIterator[None]:
        print("cleanup_ctx begins", flush=True)
        yield
        print("cleanup_ctx ends", flush=True)

    async def tick() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            print("background task ends", flush=True)

    async def startup(app: web.Application) -> None:
        app["tick"] = asyncio.create_task(tick())
        print("on_startup", flush=True)

    async def shutdown(app: web.Application) -> None:
        print("on_shutdown", flush=True)

    async def cleanup(app: web.Application) -> None:
        print("on_cleanup", flush=True)

    app.on_startup.append(startup)
    app.cleanup_ctx.append(context)
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    app.router.add_get("/slow", slow)
    return app


def create_long_poll() -> web.Application:
    """Answer only when on_shutdown says so, as aiohttp's documentation advises for long polls."""
    app = web.Application()
    ended = asyncio.Event()

    async def poll(request: web.Request) -> web.Response:
        print("polling", flush=True)
        await ended.wait()
        return web.Response(text="shutting down")

    async def end(app: web.Application) -> None:
        ended.set()

    app.router.add_get("/", poll)
    app.on_shutdown.append(end)
    return app


def create_large() -> web.Application:
    """Answer with 20 MB."""
    app = web.Application()

    async def large(request: web.Request) -> web.Response:
        print("handled", flush=True)
        return web.Response(body=b"x" * 20_000_000)

    app.router.add_get("/", large)
    return app


def create_slow_shutdown() -> web.Application:
    """Take two seconds for on_shutdown, then fail in it."""
    app = web.Application()

    async def shutdown(app: web.Application) -> None:
        print("on_shutdown begins", flush=True)
        await asyncio.sleep(2)
        print("on_shutdown ends", flush=True)
        raise RuntimeError("shutdown failed")

    async def cleanup(app: web.Application) -> None:
        print("on_cleanup", flush=True)

    app.router.add_get("/slow", slow)
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    return app


def create_red_web3() -> web.Application:
    """Exit with coloured last words as web3, and serve as any other."""
    if os.environ.get("SUPERVISOR_PROCESS_NAME") != "web3":
        return create_app()
    print("\x1b[31mred failure\x1b[0m", flush=True)
    os._exit(3)


def create_cancelling() -> web.Application:
    """Cancel a task and await it, without expecting CancelledError, in on_shutdown and in on_cleanup."""
    app = web.Application()

    async def cancel(app: web.Application) -> None:
        task = asyncio.create_task(asyncio.Event().wait())
        task.cancel()
        await task

    async def cleanup(app: web.Application) -> None:
        print("on_cleanup begins", flush=True)

    app.on_shutdown.append(cancel)
    app.on_cleanup.append(cleanup)
    app.on_cleanup.append(cancel)
    return app


def create_blocked_drain() -> web.Application:
    """Block the event loop when the socket's path is removed, until the drain's first count is overdue.

    At least until the file that GATE names is there.
    """

    async def block() -> None:
        await _until_drain()
        print("blocked", flush=True)
        wait_until(Path(os.environ["GATE"]).exists, PATIENCE)
        time.sleep(2 * INTERVAL)

    return _with_task(block)


def create_out_of_descriptors() -> web.Application:
    """Have no free descriptor from when the file that GATE names is there until the socket's path is removed."""

    async def starve() -> None:
        await seen(Path(os.environ["GATE"]).exists)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        print("no descriptors", flush=True)
        await _until_drain()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return _with_task(starve)


async def _until_drain() -> None:
    """Wait until the path that SOCKET names was there and is removed."""
    socket = Path(os.environ["SOCKET"])
    await seen(socket.exists)
    await seen(lambda: not socket.exists())


def _with_task(function: Callable[[], Coroutine[None, None, None]]) -> web.Application:
    """Run a background task."""
    app = create_app()

    async def run(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(function())
        yield
        await task

    app.cleanup_ctx.append(run)
    return app


def create_logging() -> web.Application:
    """Log everything from level INFO on, as many applications do."""
    logging.basicConfig(level=logging.INFO)
    return create_app()


async def create_occupied() -> web.Application:
    """Leave behind a thread that lives a minute, and a task that does not let itself be cancelled."""

    async def stay() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.sleep(60)

    app = create_app()
    app["task"] = asyncio.create_task(stay())
    threading.Thread(target=time.sleep, args=(60,)).start()
    await asyncio.sleep(0)
    return app


async def create_cancelled() -> web.Application:
    """Fail with the cancellation of a task of its own."""
    raise asyncio.CancelledError


def create_interrupted() -> web.Application:
    """Fail as Ctrl-C lets it."""
    raise KeyboardInterrupt
