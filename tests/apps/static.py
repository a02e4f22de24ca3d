"""An application with static routes of all kinds; their files are in the directory that STATIC names."""

import os
from pathlib import Path

from aiohttp import web

FILES = Path(os.environ.get("STATIC", "/nonexistent"))


async def dynamic(request: web.Request) -> web.Response:
    """Answer with the path as it came."""
    return web.Response(text=f"dynamic {request.path} {request.raw_path}")


def create_app() -> web.Application:
    """Two routes for nginx, one of them in a nested sub-application, and two that something else may answer."""
    app, sub, inner = web.Application(), web.Application(), web.Application()
    app.router.add_static("/static", FILES / "static")
    app.router.add_static("/linked", FILES / "static", follow_symlinks=True, show_index=True)
    app.router.add_static("/a-b.c+d~1", FILES / "static")
    app.router.add_get("/shadowed/a.txt", dynamic)
    app.router.add_static("/shadowed", FILES / "static")
    app.router.add_static("/späce d", FILES / "static")
    inner.router.add_static("/files", FILES / "static")
    inner.router.add_get("/{name}", dynamic)
    sub.add_subapp("/inner", inner)
    app.add_subapp("/sub", sub)
    app.router.add_get("/{tail:.*}", dynamic)
    return app
