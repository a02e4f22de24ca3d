"""A heavy application: it answers from a table of pandas that it has made at its import."""

import json

import numpy as np
import pandas as pd
from aiohttp import web

from scripts.benchmark.apps.pid import PID

ROWS = 10_000
TABLE = pd.DataFrame({"kind": np.arange(ROWS) % 7, "price": np.arange(ROWS) * 0.25})


def prepare() -> bytes:
    """Return the right response."""
    return _means()


def _means() -> bytes:
    return json.dumps(TABLE.groupby("kind")["price"].mean().to_dict()).encode()


async def _answer(request: web.Request) -> web.Response:
    return web.Response(body=_means(), content_type="application/json")


async def create_app() -> web.Application:
    """Build it."""
    app = web.Application()
    app.add_routes([web.get("/", _answer), PID])
    return app
