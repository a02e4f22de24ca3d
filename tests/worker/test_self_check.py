"""Tests of aiohttp_fleet/worker/self_check.py: a worker that is asked before it listens."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http import get
from tests.worker_process import WorkerProcess

Start = Callable[..., WorkerProcess]
APP = """
import asyncio
from aiohttp import web
ASKED = []
async def good(request):
    ASKED.append(request.path_qs)
    return web.Response(text=str(ASKED))
async def bad(request): raise web.HTTPServiceUnavailable
async def broken(request): request.transport.abort()
def create_app():
    app = web.Application()
    app.add_routes([web.get("/", good), web.get("/bad", bad), web.get("/broken", broken)])
    return app
"""


@pytest.fixture
def shop(place: Path) -> str:
    """Write the application."""
    (place / "shop.py").write_text(APP)
    return "shop:create_app"


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_the_first_request_is_the_workers_own(worker: Start, place: Path, shop: str, loop: str) -> None:
    """It is answered before there is a path; the next one is a client's."""
    started = worker(shop, "--check=/?a=1", f"--loop={loop}", PYTHONPATH=str(place)).ready()
    assert get(started.path) == b"['/?a=1', '/']"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/bad", "the answer is 503"), ("/nowhere", "the answer is 404"), ("/broken", "the connection was closed")],
)
def test_a_worker_that_answers_wrongly_never_serves(
    worker: Start, place: Path, shop: str, path: str, reason: str
) -> None:
    """It ends with one line; what its start-up has begun is cleaned up."""
    started = worker(shop, f"--check={path}", PYTHONPATH=str(place))
    assert started.process.wait(30) == 1
    assert f"worker: --check {path}: {reason}; see the log above" in started.log
    assert not started.path.exists()
