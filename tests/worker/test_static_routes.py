"""Tests of aiohttp_fleet/worker/static_routes.py."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from aiohttp_fleet.worker.static_routes import describe

HERE = Path(__file__).parent


async def _handler(request: web.Request) -> web.Response:
    return web.Response()


@web.middleware
async def _middleware(request: web.Request, handler: Callable[..., object]) -> web.StreamResponse:
    return web.Response()


async def _signal(*_: object) -> None: ...


class _Static(web.StaticResource):
    """A class of the application's own."""


def _reasons(app: web.Application) -> dict[str, str]:
    app.freeze()
    return {route["prefix"]: route["reason"] for route in json.loads(describe(app))}


def _app(**keywords: object) -> web.Application:
    app = web.Application(**keywords)  # type: ignore[arg-type]
    app.router.add_static("/static", HERE)
    return app


def test_a_plain_route_is_described() -> None:
    """Its prefix, and its directory without links; other routes with a shorter path come later."""
    app = _app()
    app.router.add_get("/", _handler)
    app.router.add_get("/{tail:.*}", _handler)
    assert json.loads(describe(app)) == [{"prefix": "/static", "directory": str(HERE.resolve()), "reason": ""}]
    assert json.loads(describe(web.Application())) == []


def test_middlewares_and_signals_see_each_request() -> None:
    """Those of the application and of each one above it; not those of its neighbours."""
    assert "middlewares" in _reasons(_app(middlewares=[_middleware]))["/static"]
    signalled = _app()
    signalled.on_response_prepare.append(_signal)
    assert "on_response_prepare" in _reasons(signalled)["/static"]
    for above, other in (({"middlewares": [_middleware]}, {}), ({}, {"middlewares": [_middleware]})):
        app = web.Application(**above)  # type: ignore[arg-type]
        app.add_subapp("/sub", _app())
        app.add_subapp("/other", _app(**other))
        found = _reasons(app)
        assert bool(found["/sub/static"]) is bool(above)
        assert "middlewares" in found["/other/static"]


@pytest.mark.parametrize("path", ["/static/a.txt", "/static/{name}", "/static/a/{name}/b"])
def test_a_route_below_the_prefix_may_come_first(path: str) -> None:
    """aiohttp asks the longest fixed path first."""
    app = _app()
    app.router.add_get(path, _handler)
    assert _reasons(app)["/static"] == f"{path} may answer in its place"


def test_a_route_above_comes_first_only_where_its_fixed_path_is_as_long() -> None:
    """As the one that leads to the sub-application."""
    for path, reason in (
        ("/sub/static/a.txt", "/sub/static/a.txt may answer in its place"),
        ("/sub/{name}", "/sub/{name} may answer in its place"),
        ("/{a}/static/{b}", ""),
        ("/submarine/{b}", ""),
    ):
        app = web.Application()
        app.add_subapp("/sub", _app())
        app.router.add_get(path, _handler)
        assert _reasons(app)["/sub/static"] == reason


def test_a_domain_comes_before_every_path() -> None:
    """It is asked first, and its own routes serve no other domain."""
    app = _app()
    app.add_domain("shop.example", _app())
    assert all(route["reason"] for route in json.loads(describe(app)))


def test_a_route_that_nginx_would_read_in_another_way_is_left_alone() -> None:
    """A class of its own, the whole site, a prefix that aiohttp quotes."""
    app = web.Application()
    app.router.register_resource(_Static("/own", HERE))
    app.router.add_static("/späce d", HERE)
    app.router.add_static("/.hidden", HERE)
    app.router.add_static("/a$b", HERE)
    assert all(_reasons(app).values())
    whole = web.Application()
    whole.router.add_static("/", HERE)
    assert all(_reasons(whole).values())
