"""The drill's own application: every kind of request that a fault could cut, and the faults of applications."""

import asyncio
import os
import time

from aiohttp import web

LARGE = b"x" * 1_000_000
BLOCK = 0.05
"""Seconds between the answer of /block and the block, in which the answer leaves."""


async def answer(request: web.Request) -> web.Response:
    """Name the process; to a POST, send back its body."""
    if request.method == "POST":
        return web.Response(body=await request.read())
    return web.json_response({"worker": os.environ.get("SUPERVISOR_PROCESS_NAME"), "pid": os.getpid()})


async def slow(request: web.Request) -> web.Response:
    """Answer after so many seconds."""
    await asyncio.sleep(float(request.query["seconds"]))
    return web.Response(text="slept")


async def large(request: web.Request) -> web.Response:
    """Answer with a megabyte."""
    return web.Response(body=LARGE)


async def block(request: web.Request) -> web.Response:
    """Answer, then block the event loop for so many seconds, as a synchronous call in a handler does."""
    asyncio.get_running_loop().call_later(BLOCK, time.sleep, float(request.query["seconds"]))
    return web.Response(text="blocking")


async def leak(request: web.Request) -> web.Response:
    """Answer, then leak 10 MB a second until this process ends."""
    kept: list[bytes] = []

    async def grow() -> None:
        while True:
            kept.append(os.urandom(1_000_000))
            await asyncio.sleep(0.1)

    request.app[LEAKS].append(asyncio.create_task(grow()))
    return web.Response(text="leaking")


async def printing(request: web.Request) -> web.Response:
    """Print a line of a kilobyte, as applications do."""
    print("x" * 1000, flush=True)
    return web.Response(text="printed")


LEAKS = web.AppKey("leaks", list[asyncio.Task[None]])


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app[LEAKS] = []
    app.router.add_route("*", "/", answer)
    for handler in (slow, large, block, leak):
        app.router.add_get(f"/{handler.__name__}", handler)
    app.router.add_get("/print", printing)
    return app
