"""Tests of aiohttp_fleet/nginx/static/command.py, on a real fleet: how static.conf comes, is checked and goes."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from aiohttp_fleet.nginx.binary import find_nginx
from tests.deploy.test_static import ask, files, request
from tests.place import PROJECT, sandbox
from tests.site import BIN, Site, edit, started
from tests.wait import until

pytestmark = pytest.mark.xdist_group("static")  # one fleet for all of them
SHOP = """from aiohttp import web


def create_app():
    app = web.Application()
    app.router.add_static("/static", "{place}/files/{directory}")
    return app
"""
SLOW_NGINX = """#!/bin/sh
case " $* " in
  *" -t "*) touch {place}/testing; exec sleep 60;;
esac
exec {nginx} "$@"
"""
"""An nginx whose tests take long."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    """Start a site with one static route; its application is shop.py in the place."""
    with sandbox() as place:
        files(place / "files")
        made = Site(place, "shop:create_app").with_workers(2)
        edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={place}"})
        _write(made, "static")
        with started(made):
            yield made


@pytest.fixture
def shop(shared: Site) -> Iterator[Site]:
    """Give the test the site that all share; then its files are as before, and all runs with them."""
    code, nginx = shared.place / "shop.py", shared.nginx_conf
    before = code.read_text(), nginx.read_text()
    yield shared
    (nginx.parent / "static.conf").unlink(missing_ok=True)
    nginx.write_text(before[1])
    if code.read_text() != before[0]:
        code.write_text(before[0])
        (shared.place / "files" / "new").rmdir()
        shared.ctl("restart", "aiohttp:*", "nginx")
    until("everything to be ready again", shared.is_ready)


def _write(made: Site, directory: str) -> None:
    (made.place / "shop.py").write_text(SHOP.format(place=made.place, directory=directory))


def _is_by_nginx(made: Site) -> bool:
    answer = ask(made.port, request("/static/big.txt"))
    assert answer.status == 200
    return answer.by_nginx


def test_static_files_are_nginxs_when_the_operator_wants_it(shop: Site) -> None:
    """Shown, checked, written, in effect after a reload, and taken back."""
    conf = shop.nginx_conf.parent / "static.conf"
    assert f"/static: served by nginx, from {shop.place}/files/static" in shop.fleet("static").stdout
    assert not conf.exists()
    done = shop.fleet("static", "--check")
    assert (done.returncode, "+location ^~ /static/ {" in done.stdout, conf.exists()) == (1, True, False)
    assert f"{conf}: written; fleet reload" in shop.fleet("static", "--write").stdout
    assert shop.fleet("static", "--check").returncode == 0
    assert "nothing to change" in shop.fleet("static", "--write").stdout
    assert not _is_by_nginx(shop)
    assert shop.fleet("reload").returncode == 0
    assert _is_by_nginx(shop)
    assert shop.fleet("static", "--off").stdout == f"{conf}: removed; fleet reload\n"
    assert shop.fleet("reload").returncode == 0
    assert not _is_by_nginx(shop)


def test_new_code_with_other_routes_is_noticed(shop: Site) -> None:
    """fleet restart says so in one line; fleet reload refuses; fleet static --write puts it right."""
    assert shop.fleet("static", "--write").returncode == 0
    assert shop.fleet("reload").returncode == 0
    (shop.place / "files" / "new").mkdir()
    _write(shop, "new")
    done = shop.fleet("restart")
    assert (done.returncode, "fleet static --write" in done.stderr) == (0, True)
    done = shop.fleet("reload")
    assert (done.returncode, "fleet static --write" in done.stderr) == (1, True)
    assert shop.fleet("static", "--write").returncode == 0
    assert shop.fleet("reload").returncode == 0


def test_routes_that_the_workers_do_not_agree_on_are_refused(shop: Site) -> None:
    """web1 runs new code with another directory, web2 does not."""
    (shop.place / "files" / "new").mkdir()
    _write(shop, "new")
    assert shop.fleet("restart", "web1").returncode == 0
    done = shop.fleet("static", "--write")
    assert (done.returncode, "the workers have different static routes; fleet restart" in done.stderr) == (1, True)
    assert not (shop.nginx_conf.parent / "static.conf").exists()


def test_a_file_that_nginx_refuses_is_not_left_there(shop: Site) -> None:
    """static.conf is as it was before; the JSON report has the reason."""
    conf = shop.nginx_conf.parent / "static.conf"
    edit(shop.nginx_conf, {"server_name _;": "server_name _;\n    no_such_directive on;"})
    done = shop.fleet("static", "--write", "--json")
    assert (done.returncode, conf.exists()) == (1, False)
    assert "no_such_directive" in json.loads(done.stdout)["error"]["reason"]


def test_one_that_is_interrupted_leaves_no_file(shop: Site) -> None:
    """Ctrl-C while nginx tests static.conf, which its next start would read."""
    shop.ctl("stop", "nginx")  # a running nginx is tested with its own executable
    slow = shop.place / "bin" / "nginx"
    slow.parent.mkdir()
    slow.write_text(SLOW_NGINX.format(place=shop.place, nginx=find_nginx().path))
    slow.chmod(0o755)
    environ = os.environ | {"PATH": f"{slow.parent}:{os.environ['PATH']}"}
    command = [str(BIN / "fleet"), "-c", str(shop.supervisord_conf), "static", "--write"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        until("nginx to be asked", (shop.place / "testing").exists)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
    assert not (shop.nginx_conf.parent / "static.conf").exists()
    (shop.place / "testing").unlink()
    shop.ctl("start", "nginx")
