"""The application that is measured: the same for every aiohttp peer."""

import asyncio
import json
import time
from pathlib import Path
from string import Template

from aiohttp import web

HELLO = b"Hello, world"
DOCUMENT = [
    {"id": number, "name": f"item {number}", "tags": ["a", "b"], "price": number * 1.25} for number in range(30)
]
HEAD = "<!doctype html><title>Page</title>"
ROW = Template("<p>Some thirty kilobytes of text, as templates make, $number.</p>\n")
CACHEABLE = (HEAD + "".join(ROW.substitute(number=number) for number in range(480))).encode()
PAGE = (
    "<!doctype html><title>Page</title>" + "<p>Some thirty kilobytes of text, as a template makes them.</p>\n" * 480
).encode()
DIRECTORY = Path(__file__).parent / "static"
FILE = "file.txt"
FILED = b"A hundred kilobytes of a file that never changes.\n" * 2048
BURN = 0.03
"""Seconds of processor time."""


def prepare() -> None:
    """Make the file that is served; the workers run as the user nobody, who may not."""
    DIRECTORY.mkdir(exist_ok=True)
    (DIRECTORY / FILE).write_bytes(FILED)


async def hello(request: web.Request) -> web.Response:
    """Say hello."""
    return web.Response(body=HELLO, content_type="text/plain")


async def document(request: web.Request) -> web.Response:
    """Send 2 kB of JSON."""
    return web.Response(text=json.dumps(DOCUMENT), content_type="application/json")


async def echo(request: web.Request) -> web.Response:
    """Send back what was sent, or its length when it is large."""
    size, body = 0, b""
    async for chunk in request.content.iter_any():
        size += len(chunk)
        body = body + chunk if size <= 2**16 else b""
    return web.Response(body=body or str(size).encode())


async def page(request: web.Request) -> web.Response:
    """Send 30 kB of HTML."""
    return web.Response(body=PAGE, content_type="text/html")


async def burn(request: web.Request) -> web.Response:
    """Use the processor for a while, which an application should not do in its event loop."""
    end = time.thread_time() + BURN
    while time.thread_time() < end:
        pass
    return web.Response(body=HELLO)


async def cacheable(request: web.Request) -> web.Response:
    """Make the 30 kB of HTML from a template, and allow a cache to keep it for a second."""
    text = HEAD + "".join(ROW.substitute(number=number) for number in range(480))
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "max-age=1"})


async def slow(request: web.Request) -> web.Response:
    """Wait for half a second, as for a database."""
    await asyncio.sleep(0.5)
    return web.Response(body=HELLO)


async def socket(request: web.Request) -> web.WebSocketResponse:
    """Echo messages."""
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data)
    return ws


async def create_app() -> web.Application:
    """Build it; a coroutine function, because gunicorn calls no other."""
    app = web.Application(client_max_size=2**30)
    gets = {"/": hello, "/json": document, "/page": page, "/burn": burn, "/slow": slow, "/ws": socket}
    gets["/cacheable"] = cacheable
    app.add_routes([web.get(path, handler) for path, handler in gets.items()])
    app.add_routes([web.post("/echo", echo)])
    if DIRECTORY.exists():
        app.router.add_static("/static", DIRECTORY)
    return app
