"""The smallest application: what the kit itself costs."""

from aiohttp import web

from scripts.benchmark.apps.pid import PID

HELLO = b"Hello, world"


def prepare() -> bytes:
    """Return the right response."""
    return HELLO


async def _hello(request: web.Request) -> web.Response:
    return web.Response(body=HELLO, content_type="text/plain")


async def create_app() -> web.Application:
    """Build it."""
    app = web.Application()
    app.add_routes([web.get("/", _hello), PID])
    return app
