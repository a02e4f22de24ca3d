"""The application."""

import hashlib
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

STATIC = Path(__file__).parent / "static"


async def upload(request: web.Request) -> web.Response:
    """Read a file part by part and tell its digest."""
    reader = await request.multipart()
    digests = {}
    while part := await reader.next():
        digest = hashlib.sha256()
        while chunk := await part.read_chunk():
            digest.update(chunk)
        digests[part.filename or part.name] = digest.hexdigest()
    return web.json_response(digests)


async def raw(request: web.Request) -> web.Response:
    """Count a body without keeping it."""
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
    return web.Response(text=str(size))


async def download(request: web.Request) -> web.StreamResponse:
    """Send a body of unknown length."""
    answer = web.StreamResponse(headers={"Content-Type": "text/csv"})
    await answer.prepare(request)
    for number in range(1000):
        await answer.write(f"{number},{number * number}\n".encode())
    await answer.write_eof()
    return answer


@web.middleware
async def signed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Sign every answer of the administration."""
    answer = await handler(request)
    answer.headers["X-Admin"] = "yes"
    return answer


def make_app() -> web.Application:
    """Build the site and its parts."""
    admin = web.Application(middlewares=[signed])
    admin.add_routes([web.post("/upload", upload), web.get("/export", download), web.static("/files", STATIC)])
    app = web.Application(client_max_size=0)
    app.add_subapp("/admin/", admin)
    app.add_routes([web.post("/raw", raw), web.static("/static", STATIC, append_version=True)])
    return app
