"""Tests of how static.conf comes, is checked and goes: fleet render, restart, reload and init."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.test_static import ask, files, request
from tests.place import PROJECT
from tests.site import Site, edit

Make = Callable[..., Site]
SHOP = """from aiohttp import web


def create_app():
    app = web.Application()
    app.router.add_static("/static", "{place}/files/{directory}")
    {more}
    return app


@web.middleware
async def refuse(request, handler):
    raise web.HTTPUnauthorized


async def guard(app):
    app.middlewares.append(refuse)
"""


@pytest.fixture
def shop(site: Make, place: Path) -> Site:
    """Make a site with one static route; its application is shop.py in the place."""
    files(place / "files")
    made = site("shop:create_app")
    edit(made.supervisord_conf, {"numprocs=4 ": "numprocs=2 ", f"directory={PROJECT}": f"directory={place}"})
    write(made)
    return made


def write(made: Site, directory: str = "static", more: str = "") -> None:
    """Write shop.py."""
    (made.place / "shop.py").write_text(SHOP.format(place=made.place, directory=directory, more=more))


def static_conf(made: Site) -> Path:
    """Return where static.conf is."""
    return made.nginx_conf.parent / "static.conf"


def big(made: Site) -> tuple[int, bool]:
    """Ask for a file; return the status, and whether nginx has answered."""
    answer = ask(made.port, request("/static/big.txt"))
    return answer.status, answer.by_nginx


def test_render_writes_what_check_has_shown(shop: Site) -> None:
    """And says of each route who serves it."""
    assert shop.fleet("render", "--write").returncode == 0
    static_conf(shop).unlink()
    done = shop.fleet("render", "--check")
    assert done.returncode == 1
    assert "+location /static {" in done.stdout
    assert (
        done.stderr
        == f"fleet: {static_conf(shop)}: not the static routes that the application has; fleet render --write\n"
    )
    assert not static_conf(shop).exists()
    done = shop.fleet("render", "--write")
    assert f"/static: served by nginx, from {shop.place}/files/static\n" in done.stdout
    assert shop.fleet("render", "--check").returncode == 0
    assert "static.conf" not in shop.fleet("render", "--write").stdout


def test_without_a_static_route_there_is_no_file(shop: Site) -> None:
    """And nothing to complain of."""
    (shop.place / "shop.py").write_text("from aiohttp import web\ncreate_app = web.Application\n")
    assert shop.fleet("render", "--write").returncode == 0
    assert shop.fleet("render", "--check").returncode == 0
    assert not static_conf(shop).exists()


def test_render_alone_builds_nothing(shop: Site) -> None:
    """It is as quick as ever; --write says what is wrong, and leaves static.conf as it is."""
    assert shop.fleet("render", "--write").returncode == 0
    before = static_conf(shop).read_text()
    (shop.place / "shop.py").write_text("raise RuntimeError('not today')\n")
    assert shop.fleet("render").returncode == 0
    done = shop.fleet("render", "--write")
    assert done.returncode == 1
    assert "not today" in done.stderr
    assert static_conf(shop).read_text() == before


def test_a_restart_says_that_nginx_serves_something_else(shop: Site) -> None:
    """And what to do; a reload without it is refused, because it would not mend that."""
    (shop.place / "files" / "new").mkdir()
    (shop.place / "files" / "new" / "big.txt").write_bytes(b"new")
    assert shop.fleet("render", "--write").returncode == 0
    shop.start()
    assert big(shop) == (200, True)
    assert "static.conf" not in shop.fleet("restart").stderr
    write(shop, "new")
    assert shop.fleet("render", "--check").returncode == 0  # the workers have the old code still
    done = shop.fleet("restart")
    assert done.returncode == 0
    assert "not the static routes that the application has now; fleet render --write, then fleet reload" in done.stderr
    assert shop.fleet("reload").returncode == 1
    assert shop.fleet("render", "--write").returncode == 0
    assert shop.fleet("reload").returncode == 0
    assert ask(shop.port, request("/static/big.txt")).body == b"new"
    assert big(shop) == (200, True)


def test_what_the_start_up_adds_is_not_passed_by(shop: Site) -> None:
    """Before it has run nobody knows, so the workers serve; once it has, they are asked."""
    write(shop, more="app.on_startup.append(guard)")
    assert "because its on_startup may add to it" in shop.fleet("render", "--write").stdout
    shop.start()
    assert "because its application has middlewares" in shop.fleet("render", "--write").stdout
    assert shop.fleet("reload").returncode == 0
    assert big(shop) == (401, False)
    write(shop, more="app.cleanup_ctx.append(nothing)")
    (shop.place / "shop.py").write_text(
        (shop.place / "shop.py").read_text() + "\n\nasync def nothing(app):\n    yield\n"
    )
    assert shop.fleet("restart").returncode == 0
    assert "/static: served by nginx" in shop.fleet("render", "--write").stdout
    assert shop.fleet("reload").returncode == 0
    assert big(shop) == (200, True)


def test_a_password_in_nginx_conf_is_asked_for(shop: Site) -> None:
    """A reload does not take it up before static.conf has gone out of its way."""
    assert shop.fleet("render", "--write").returncode == 0
    shop.start()
    edit(shop.nginx_conf, {r"location / \{": "location / {\n      deny all;"})
    assert shop.fleet("reload").returncode == 1
    assert "location / of nginx.conf does more than ask the workers" in shop.fleet("render", "--write").stdout
    assert shop.fleet("reload").returncode == 0
    assert big(shop)[0] == 403
    edit(shop.nginx_conf, {"      deny all;\n": "", r"(server_name _;)": r"\1 deny all;"})
    assert "/static: served by nginx" in shop.fleet("render", "--write").stdout
    assert shop.fleet("reload").returncode == 0
    assert big(shop)[0] == 403


def test_it_is_turned_off_in_nginx_conf(shop: Site) -> None:
    """Without its include there is nothing to complain of."""
    edit(shop.nginx_conf, {r"\n *include static\*\.conf;": ""})
    assert "because nginx.conf has no include static*.conf;" in shop.fleet("render", "--write").stdout
    assert not static_conf(shop).exists()
    assert shop.fleet("render", "--check").returncode == 0


def test_what_nginx_refuses_is_not_left_behind(shop: Site) -> None:
    """One line with its own words; static.conf is as it was, here not there."""
    edit(shop.nginx_conf, {r"\$static_no_br": "$something_else"})
    done = shop.fleet("render", "--write")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "nginx refuses it" in done.stderr
    assert not static_conf(shop).exists()
