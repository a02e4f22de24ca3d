"""An application with every kind of request that a restart could cut."""

import asyncio
import os
import time
from collections.abc import Callable

from aiohttp import WSMsgType, web
from aiohttp_fleet_drill.app import note_post

PATIENCE = 60.0
"""Seconds that an application waits for what a test does."""


async def seen(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true; TimeoutError when it is not for so long."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


async def answer(request: web.Request) -> web.Response:
    """Describe the process that responds; send back the body of a POST."""
    if request.method == "POST":
        note_post(request)
        return web.Response(body=await request.read())
    worker, home = os.environ.get("SUPERVISOR_PROCESS_NAME"), os.environ.get("HOME")
    return web.json_response({"worker": worker, "pid": os.getpid(), "home": home})


async def slow(request: web.Request) -> web.Response:
    """Respond after so many seconds."""
    note_post(request)
    print("slow begins", flush=True)
    await asyncio.sleep(float(request.query["seconds"]))
    return web.Response(text=f"slept {request.query['seconds']}")


async def upload(request: web.Request) -> web.Response:
    """Count the bytes of a streamed body."""
    size = 0
    async for chunk in request.content.iter_chunked(65536):
        size += len(chunk)
    return web.json_response({"size": size})


async def websocket(request: web.Request) -> web.WebSocketResponse:
    """Echo text until the client leaves."""
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            await ws.send_str(message.data)
    return ws


async def printing(request: web.Request) -> web.Response:
    """Print, as applications do: a word, or so many bytes."""
    print("x" * int(request.query.get("bytes", 0)) or "printed", flush=True)
    return web.Response()


async def pushing(request: web.Request) -> web.WebSocketResponse:
    """Push once, then wait for ever without reading, as a handler that is fed from elsewhere does."""
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_str("pushed")
    await asyncio.Event().wait()
    return ws


async def blocking(request: web.Request) -> web.Response:
    """Answer first, then block the event loop for so many seconds."""
    asyncio.get_running_loop().call_later(0.01, block, float(request.query["seconds"]))
    return web.Response()


def block(seconds: float) -> None:
    """Block; its name is in the stack."""
    time.sleep(seconds)


async def headers(request: web.Request) -> web.Response:
    """Show the URL and headers that arrived."""
    return web.json_response({"url": str(request.url), "headers": dict(request.headers)})


async def client(request: web.Request) -> web.Response:
    """Show the client that the application sees, and that clone() overrides it."""
    other = request.clone(remote="192.0.2.9", scheme="https", host="clone")
    seen = {"remote": request.remote, "scheme": request.scheme, "host": request.host, "url": str(request.url)}
    clone = [other.remote, other.scheme, other.host, str(other.url)]
    clone += [request.clone().remote, request.clone(headers={}).remote, request.clone(headers={}).scheme]
    return web.json_response(seen | {"secure": request.secure, "clone": clone})


async def client_websocket(request: web.Request) -> web.WebSocketResponse:
    """Say the same of a websocket's client."""
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.send_str(f"{request.remote} {request.url}")
    await ws.close()
    return ws


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_route("*", "/", answer)
    app.router.add_route("*", "/slow", slow)
    app.router.add_post("/upload", upload)
    app.router.add_get("/ws", websocket)
    app.router.add_get("/push", pushing)
    app.router.add_get("/print", printing)
    app.router.add_get("/block", blocking)
    app.router.add_get("/headers", headers)
    app.router.add_get("/client", client)
    app.router.add_get("/client-ws", client_websocket)
    return app
