"""An application that shows its environment."""

import os

from aiohttp import web


async def show(request: web.Request) -> web.Response:
    """Show all variables."""
    return web.json_response({"environ": dict(os.environ)})


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_get("/", show)
    return app
