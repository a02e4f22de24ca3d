"""The application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import WSMsgType, web

CLIENTS = web.AppKey("CLIENTS", set[web.WebSocketResponse])
BEATS = web.AppKey("BEATS", list[int])


async def room(request: web.Request) -> web.WebSocketResponse:
    """Send what one says to all."""
    ws = web.WebSocketResponse(heartbeat=20, max_msg_size=8 * 2**20)
    await ws.prepare(request)
    clients = request.app[CLIENTS]
    clients.add(ws)
    try:
        async for message in ws:
            if message.type is WSMsgType.TEXT and message.data == "bye":
                await ws.close(code=4000, message=b"see you")
            elif message.type is WSMsgType.TEXT:
                await asyncio.gather(*(client.send_str(f"somebody: {message.data}") for client in clients))
            elif message.type is WSMsgType.BINARY:
                await ws.send_bytes(message.data)
    finally:
        clients.discard(ws)
    return ws


async def alive(request: web.Request) -> web.Response:
    """Tell whether the background task runs."""
    return web.json_response({"beats": bool(request.app[BEATS])})


async def heart(app: web.Application) -> AsyncIterator[None]:
    """Run a task next to the handlers."""

    async def beat() -> None:
        while True:
            app[BEATS].append(1)
            await asyncio.sleep(0.1)

    task = asyncio.create_task(beat())
    await asyncio.sleep(0)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def create_app() -> web.Application:
    """Build the application, on the running loop."""
    asyncio.get_running_loop()
    app = web.Application()
    app[CLIENTS], app[BEATS] = set(), []
    app.cleanup_ctx.append(heart)
    app.add_routes([web.get("/ws", room), web.get("/alive", alive)])
    return app
