"""An application whose answers have the headers that were asked for, and a number of their own."""

import itertools
import os

from aiohttp import web


def create_app() -> web.Application:
    """Build the application."""
    numbers = itertools.count(1)
    states: dict[str, bool] = {}

    async def answer(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.query.items() if name[0].isupper()}
        text = f"{os.getpid()}-{next(numbers)} {request.method} {request.headers.get('X-Kind', '')}"
        status = 503 if states.get(request.path) else int(request.query.get("status", 200))
        states[request.path] = "unavailable" in request.query
        return web.Response(text=text, headers=headers, status=status)

    app = web.Application()
    app.router.add_route("*", "/{name}", answer)
    return app
