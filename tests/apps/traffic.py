"""An application with all that real traffic does; it knows nothing of the kit, and is served bare as well."""

import asyncio
import os
from pathlib import Path

from aiohttp import web

RELEASED = web.AppKey("released", asyncio.Semaphore)
GONE = web.AppKey("gone", asyncio.Event)


async def echo(request: web.Request) -> web.Response:
    """Send the body back."""
    return web.Response(body=await request.read(), content_type="application/octet-stream")


async def count(request: web.Request) -> web.Response:
    """Count a body without keeping it; tell the peak of this process's memory, in kB (proc(5), VmHWM)."""
    size = 0
    async for chunk in request.content.iter_chunked(65536):
        size += len(chunk)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return web.json_response({"size": size, "peak": int(peak.split()[1])})


async def headers(request: web.Request) -> web.Response:
    """Say how much of the client's own headers arrived."""
    own = {name: len(value) for name, value in request.headers.items() if name.startswith(("X-Long", "Cookie"))}
    return web.json_response({"own": own, "path": len(request.path_qs), "cookies": len(request.cookies)})


async def cookies(request: web.Request) -> web.Response:
    """Set as many cookies of 4,000 bytes as is asked for."""
    answer = web.Response(text="set")
    for number in range(int(request.query["n"])):
        answer.set_cookie(f"c{number}", "x" * 4000)
    return answer


async def compressed(request: web.Request) -> web.Response:
    """Answer in what the client accepts."""
    answer = web.Response(text="squeeze " * 1000)
    answer.enable_compression()
    return answer


async def stream(request: web.Request) -> web.StreamResponse:
    """Answer in three parts, of a length that no one knows."""
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await answer.prepare(request)
    for number in range(3):
        await answer.write(b"%d" % number * 10_000)
    await answer.write_eof()
    return answer


async def events(request: web.Request) -> web.StreamResponse:
    """Send three events, the second and the third only once someone has asked for them."""
    answer = web.StreamResponse(headers={"Content-Type": request.query.get("type", "text/event-stream")})
    await answer.prepare(request)
    await answer.write(b"data: 1\n\n")
    for number in (2, 3):
        await request.app[RELEASED].acquire()
        await answer.write(b"data: %d\n\n" % number)
    return answer


async def release(request: web.Request) -> web.Response:
    """Let the next event go."""
    request.app[RELEASED].release()
    return web.Response(text="released")


async def endless(request: web.Request) -> web.StreamResponse:
    """Stream until the client has gone."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    try:
        while True:
            await answer.write(b"x" * 1000)
            await asyncio.sleep(0.01)
    finally:
        request.app[GONE].set()


async def silent(request: web.Request) -> web.Response:
    """Answer never; end when it is cancelled."""
    try:
        await asyncio.Event().wait()
    finally:
        request.app[GONE].set()
    return web.Response()


async def gone(request: web.Request) -> web.Response:
    """Answer once a client has gone."""
    await request.app[GONE].wait()
    request.app[GONE].clear()
    return web.Response(text="gone")


async def websocket(request: web.Request) -> web.WebSocketResponse:
    """Echo what comes."""
    ws = web.WebSocketResponse(protocols=("chat",))
    await ws.prepare(request)
    async for message in ws:
        await (ws.send_str if message.type is web.WSMsgType.TEXT else ws.send_bytes)(message.data)
    return ws


async def file(request: web.Request) -> web.FileResponse:
    """Send a file that does not change."""
    return web.FileResponse(Path(os.__file__))


async def create_app() -> web.Application:
    """Build it."""
    app = web.Application()
    app[RELEASED], app[GONE] = asyncio.Semaphore(0), asyncio.Event()
    app.router.add_route("*", "/echo", echo)
    app.router.add_post("/count", count)
    app.router.add_get("/headers", headers)
    app.router.add_get("/cookies", cookies)
    app.router.add_get("/compressed", compressed)
    app.router.add_get("/stream", stream)
    app.router.add_get("/events", events)
    app.router.add_get("/release", release)
    app.router.add_get("/endless", endless)
    app.router.add_get("/silent", silent)
    app.router.add_get("/gone", gone)
    app.router.add_get("/ws", websocket)
    app.router.add_get("/file", file)
    return app
