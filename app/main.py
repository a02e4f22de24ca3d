"""The smallest application that shows which worker answered. It knows nothing of the kit."""

import os

from aiohttp import web


async def hello(request: web.Request) -> web.Response:
    """Answer as the example in aiohttp's documentation does."""
    return web.Response(text="Hello, world")


async def whoami(request: web.Request) -> web.Response:
    """Name the process that answered, as supervisord calls it, and its pid."""
    return web.json_response({"worker": os.environ.get("SUPERVISOR_PROCESS_NAME"), "pid": os.getpid()})


def create_app() -> web.Application:
    """Build the application; aiohttp-devtools and the worker find this name by themselves."""
    app = web.Application()
    app.add_routes([web.get("/", hello), web.get("/whoami", whoami)])
    return app
