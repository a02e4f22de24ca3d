"""A route of each application."""

import os

from aiohttp import web


async def _pid(request: web.Request) -> web.Response:
    return web.Response(text=str(os.getpid()))


PID = web.get("/pid", _pid)
"""Tells which process answers."""
