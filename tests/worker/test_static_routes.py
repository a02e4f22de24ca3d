"""Tests of aiohttp_fleet/worker/static_routes.py: a route that anything else of the application sees is not nginx's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.web_fileresponse import CONTENT_TYPES

from aiohttp_fleet.worker.static_routes import described

HERE = Path(__file__).parent


async def _handler(request: web.Request) -> web.Response:
    return web.Response()


@web.middleware
async def _middleware(request: web.Request, handler: Callable[..., object]) -> web.StreamResponse:
    return web.Response()


async def _signal(*_: object) -> None: ...


class _Static(web.StaticResource):
    """Somebody's own."""


def _reasons(app: web.Application, started: bool = True) -> dict[str, str]:
    app.freeze()
    return {route["prefix"]: route["reason"] for route in json.loads(described(app, started))["routes"]}


def _app(**keywords: object) -> web.Application:
    app = web.Application(**keywords)  # type: ignore[arg-type]
    app.router.add_static("/static", HERE)
    return app


def test_a_plain_route_is_described() -> None:
    """Its prefix, its directory without links, and the type of each ending."""
    app = _app()
    app.router.add_get("/", _handler)
    app.router.add_get("/{tail:.*}", _handler)
    told = json.loads(described(app, started=False))
    assert told["routes"] == [{"prefix": "/static", "directory": str(HERE.resolve()), "reason": ""}]
    assert (told["types"][".css"], told["types"][".tgz"]) == ("text/css", "application/gzip")
    assert json.loads(described(web.Application(), started=True)) == {"routes": [], "types": {}}


def test_the_applications_own_types_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have added some to aiohttp's."""
    monkeypatch.setitem(CONTENT_TYPES.types_map[True], ".shop", "text/x-shop")
    assert json.loads(described(_app(), started=True))["types"][".shop"] == "text/x-shop"


def test_what_sees_each_request_is_not_passed_by() -> None:
    """Middlewares and signals of the application and of each one above it; not those of its neighbours."""
    assert "middlewares" in _reasons(_app(middlewares=[_middleware]))["/static"]
    signalled = _app()
    signalled.on_response_prepare.append(_signal)
    assert "on_response_prepare" in _reasons(signalled)["/static"]
    for above, beside in (({"middlewares": [_middleware]}, {}), ({}, {"middlewares": [_middleware]})):
        app = web.Application(**above)  # type: ignore[arg-type]
        app.add_subapp("/sub", _app())
        app.add_subapp("/other", _app(**beside))
        found = _reasons(app)
        assert bool(found["/sub/static"]) is bool(above)
        assert "middlewares" in found["/other/static"]


@pytest.mark.parametrize("path", ["/static/a.txt", "/static/{name}", "/static/a/{name}/b"])
def test_a_route_under_the_prefix_goes_first(path: str) -> None:
    """aiohttp asks the longest path first; for the same length, the one that was there first."""
    app = _app()
    app.router.add_get(path, _handler)
    assert _reasons(app)["/static"] == ("" if path == "/static/{name}" else f"{path} is asked first")
    earlier = web.Application()
    earlier.router.add_get(path, _handler)
    earlier.router.add_static("/static", HERE)
    assert _reasons(earlier)["/static"] == f"{path} is asked first"


def test_a_route_above_goes_first_only_where_its_path_is_longer() -> None:
    """Than the one that leads to the sub-application."""
    app = web.Application()
    app.add_subapp("/sub", _app())
    app.router.add_get("/sub/{name}", _handler)
    app.router.add_get("/{a}/static/{b}", _handler)
    assert _reasons(app)["/sub/static"] == ""
    other = web.Application()
    other.add_subapp("/sub", _app())
    other.router.add_get("/sub/static/a.txt", _handler)
    assert _reasons(other)["/sub/static"] == "/sub/static/a.txt is asked first"
    first = web.Application()
    first.router.add_get("/sub/{name}", _handler)
    first.add_subapp("/sub", _app())
    assert _reasons(first)["/sub/static"] == "/sub/{name} is asked first"


def test_a_static_route_in_another_is_its_own() -> None:
    """The inner one would have to be nginx's too, so the outer one is left to the workers."""
    app = _app()
    app.router.add_static("/static/inner", HERE)
    assert _reasons(app) == {"/static": "/static/inner is asked first", "/static/inner": ""}


def test_a_domain_goes_before_all() -> None:
    """It sees what is asked of it, whatever the path."""
    app = _app()
    app.add_domain("shop.example", _app())
    found = json.loads(described(app, started=True))["routes"]
    assert ["shop.example is asked first" in route["reason"] or "domain" in route["reason"] for route in found] == [
        True,
        True,
    ]


def test_a_route_that_is_not_aiohttps_own_is_left_alone() -> None:
    """A class of somebody's own, an expect_handler, the whole site, a prefix that aiohttp quotes."""
    app = web.Application()
    app.router.register_resource(_Static("/own", HERE))
    app.router.add_static("/expects", HERE, expect_handler=_signal)
    app.router.add_static("/späce d", HERE)
    app.router.add_static("/.hidden", HERE)
    app.router.add_static("/a$b", HERE)
    assert all(_reasons(app).values())
    whole = web.Application()
    whole.router.add_static("/", HERE)
    assert _reasons(whole) == {"": "it is the whole site"}


def test_what_has_put_itself_around_aiohttp_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tracing does."""

    async def traced(*_: object) -> None: ...

    monkeypatch.setattr(web.Application, "_handle", traced)
    assert _reasons(_app())["/static"] == f"{__name__} has put itself around each request"
    monkeypatch.undo()
    monkeypatch.setattr(web.FileResponse, "prepare", traced)
    assert "replaced" in _reasons(_app())["/static"]


def test_before_its_start_up_an_application_may_still_change() -> None:
    """Whatever is in on_startup or cleanup_ctx, a sub-application's too, may add a middleware."""
    for name in ("on_startup", "cleanup_ctx"):
        app = _app()
        getattr(app, name).append(_signal)
        above = web.Application()
        above.add_subapp("/sub", app)
        assert "on_startup" in _reasons(above, started=False)["/sub/static"]
        assert _reasons(above)["/sub/static"] == ""
    plain = web.Application()
    plain.add_subapp("/sub", _app())
    assert _reasons(plain, started=False)["/sub/static"] == ""
