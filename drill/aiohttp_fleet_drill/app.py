"""The drill's own application: every kind of request that a fault could cut, and the faults of applications."""

import asyncio
import os
import time

from aiohttp import web

from aiohttp_fleet_drill.requests import POST_ID, POSTS

LARGE = b"x" * 1_000_000
BLOCK = 0.05
"""Seconds between the response of /block and the block, in which the response is sent."""


def note_post(request: web.Request) -> None:
    """Note that this process handles a POST: its id, the pid and the monotonic time, appended in a single write(2).

    The line so is never mixed with another worker's, and kill -9 does not undo it.
    """
    if (path := os.environ.get(POSTS)) and (post_id := request.headers.get(POST_ID)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.write(file, f"{post_id} {os.getpid()} {time.monotonic()}\n".encode())
        os.close(file)


async def answer(request: web.Request) -> web.Response:
    """Name the process; send back the body of a POST."""
    if request.method == "POST":
        note_post(request)
        return web.Response(body=await request.read())
    return web.json_response({"worker": os.environ.get("SUPERVISOR_PROCESS_NAME"), "pid": os.getpid()})


async def slow(request: web.Request) -> web.Response:
    """Respond after so many seconds; send back the body of a POST."""
    note_post(request)
    body = await request.read()
    await asyncio.sleep(float(request.query["seconds"]))
    return web.Response(body=body or b"slept")


async def large(request: web.Request) -> web.Response:
    """Send a megabyte."""
    return web.Response(body=LARGE)


async def block(request: web.Request) -> web.Response:
    """Respond, then block the event loop for so many seconds, as a synchronous call in a handler does."""
    asyncio.get_running_loop().call_later(BLOCK, time.sleep, float(request.query["seconds"]))
    return web.Response(text="blocking")


async def leak(request: web.Request) -> web.Response:
    """Respond, then leak 10 MB a second until this process ends."""
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
    app.router.add_route("*", "/slow", slow)
    for handler in (large, block, leak):
        app.router.add_get(f"/{handler.__name__}", handler)
    app.router.add_get("/print", printing)
    return app
