"""Tests of aiohttp_fleet/worker/loader.py."""

import asyncio
import sys
from pathlib import Path

import pytest
from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.worker.loader import load

SOURCE = """
import asyncio

from aiohttp import web

instance = web.Application()

def factory():
    return web.Application()

async def async_factory():
    return web.Application()

class Site:
    @staticmethod
    def build():
        return web.Application()

    app = instance

def greedy(name):
    return web.Application()

def empty():
    pass

def broken():
    raise RuntimeError("no database")

def leaving():
    raise SystemExit("no settings")

async def cancelled():
    raise asyncio.CancelledError

def own_loop():
    return asyncio.run(async_factory())

def needs_loop():
    asyncio.get_running_loop()
    return web.Application()

number = 42
"""


@pytest.fixture
def project(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a directory to import from, which is also the current one."""
    monkeypatch.syspath_prepend(place)
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["worker", "shop:create_app", "--path=/tmp/web_1.sock"])
    for name in ("shop", "plain", "needy"):  # each test has its own
        monkeypatch.delitem(sys.modules, name, raising=False)
    (place / "shop.py").write_text(SOURCE)
    return place


def _load(spec: str) -> web.Application:
    loop = asyncio.new_event_loop()
    try:
        return load(spec, loop)
    finally:
        loop.close()


@pytest.mark.parametrize(
    "name", ["instance", "factory", "async_factory", "Site.build", "Site.app", "own_loop", "needs_loop"]
)
def test_an_application_is_found_in_every_form(project: Path, name: str) -> None:
    """An instance, a factory, an async one, a dotted name, one with its own loop, one that needs a running loop."""
    assert isinstance(_load(f"shop:{name}"), web.Application)


@pytest.mark.parametrize(
    "code",
    [
        "import argparse\nargparse.ArgumentParser().parse_args()\n",
        "import sys\nport = int(sys.argv[1]) if len(sys.argv) > 1 else 8080\n",
        "web.Application = type('Traced', (), {})\n",
    ],
)
def test_a_module_sees_no_arguments_of_the_worker_and_may_replace_the_class(
    project: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a program that is run without any; tracing replaces ``web.Application``."""
    monkeypatch.setattr(web, "Application", web.Application)
    (project / "plain.py").write_text(f"from aiohttp import web\napp = web.Application()\n{code}")
    assert _load("plain:app") is sys.modules["plain"].app
    assert sys.argv == ["plain:app"]


@pytest.mark.parametrize("name", ["app", "app_factory", "get_app", "create_app"])
def test_a_module_alone_is_searched_for_the_names_of_devtools(project: Path, name: str) -> None:
    """In the order of adev runserver."""
    (project / "plain.py").write_text(f"from aiohttp import web\ndef {name}(): return web.Application()\n")
    assert isinstance(_load("plain"), web.Application)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("shap:factory", "shap: there is no module shap in "),
        ("shop.sub:factory", "there is no module shop.sub"),
        (":factory", "':factory': it names no module; write MODULE:NAME"),
        ("./shop.py", "'./shop.py': it names no module; write MODULE:NAME, such as app.main:create_app"),
        (".shop:factory", "'.shop:factory': it names no module"),
        ("shop:leaving", "shop:leaving: it failed to build (SystemExit: no settings); the traceback is above"),
        ("shop:cancelled", "shop:cancelled: it failed to build (CancelledError); the traceback is above"),
        ("shop:factori", "shop: there is no factori in it; did you mean factory or async_factory?"),
        ("shop:Site.nothing", "shop: there is no Site.nothing in it"),
        ("shop", "shop: none of app, app_factory, get_app, create_app is in it"),
        ("shop:number", "shop:number: it is an object of type int; give an Application"),
        ("shop:greedy", "shop:greedy: it takes arguments (missing a required argument: 'name')"),
        ("shop:empty", "shop:empty: it returned None; return an aiohttp.web.Application"),
        ("shop:broken", "shop:broken: it failed to build (RuntimeError: no database); the traceback is above"),
    ],
)
def test_a_wrong_spec_is_explained(project: Path, spec: str, message: str) -> None:
    """The message has what was found instead."""
    with pytest.raises(FleetError) as error:
        _load(spec)
    assert message in str(error.value)


def test_a_failed_import_inside_the_module_shows_its_traceback(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library that the application misses is not mistaken for the application."""
    (project / "needy.py").write_text("import no_such_library\n")
    with pytest.raises(FleetError, match="needy: it failed to import .*no_such_library"):
        _load("needy:app")
    assert 'needy.py", line 1' in capsys.readouterr().err
