"""An application with every kind of request that a restart could cut."""

import asyncio
import os

from aiohttp import WSMsgType, web


async def answer(request: web.Request) -> web.Response:
    """Tell about the process that answers; to a POST, send back its body."""
    if request.method == "POST":
        return web.Response(body=await request.read())
    worker, home = os.environ.get("SUPERVISOR_PROCESS_NAME"), os.environ.get("HOME")
    return web.json_response({"worker": worker, "pid": os.getpid(), "home": home})


async def slow(request: web.Request) -> web.Response:
    """Answer after so many seconds."""
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


async def headers(request: web.Request) -> web.Response:
    """Show what of the client arrived here."""
    return web.json_response({"url": str(request.url), "headers": dict(request.headers)})


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_route("*", "/", answer)
    app.router.add_get("/slow", slow)
    app.router.add_post("/upload", upload)
    app.router.add_get("/ws", websocket)
    app.router.add_get("/headers", headers)
    return app
