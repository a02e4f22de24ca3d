"""Tests of aiohttp_fleet/setup/find_application.py."""

from pathlib import Path

import pytest

from aiohttp_fleet.setup.find_application import find_apps, named_app

OBJECT = "from aiohttp import web\napp = web.Application()\n"
FACTORY = "import aiohttp.web\nasync def make_app():\n    return aiohttp.web.Application()\n"


@pytest.mark.parametrize(
    ("file", "text", "spec"),
    [
        ("main.py", OBJECT, "main:app"),
        ("main.py", "from aiohttp.web import Application\napp: Application = build()\n", "main:app"),
        ("main.py", FACTORY, "main:make_app"),
        ("main.py", "from aiohttp import web\ndef start(port=1) -> web.Application: ...\n", "main:start"),
        ("main.py", "from aiohttp import web\ndef get_app(): ...\napp = get_app()\n", "main:app"),
        ("main.py", "raise SystemExit  # not run\n" + FACTORY, "main:make_app"),
        ("shop/__init__.py", OBJECT, "shop:app"),
        ("shop/web/main.py", FACTORY, "shop.web.main:make_app"),
        ("src/shop/main.py", FACTORY, "shop.main:make_app"),
        ("main.py", "from aiohttp import web\ndef create_app(config): ...\n", None),
        ("main.py", "from flask import Flask\ndef create_app(): ...\n", None),
        ("main.py", "from aiohttp import web\nadmin = web.Application()\n", None),
        ("main.py", "def broken(:\n", None),
        ("main.py/main.py", OBJECT, None),
        ("test_main.py", OBJECT, None),
        ("tests/main.py", OBJECT, None),
    ],
)
def test_an_application_is_found_without_importing_it(place: Path, file: str, text: str, spec: str | None) -> None:
    """By name, by annotation, in modules, packages and the src layout."""
    path = place / file
    path.parent.mkdir(parents=True, exist_ok=True)
    for package in path.parent.relative_to(place).parents[:-1]:
        (place / package / "__init__.py").touch() if package.name != "src" else None
    if path.parent != place:
        (path.parent / "__init__.py").touch()
    path.write_text(text)
    found = find_apps(place)
    assert [app.spec for app in found] == ([spec] if spec else [])
    assert all(app.directory == (place / "src" if file.startswith("src/") else place) for app in found)
    assert all(named_app(place, [app.spec]) == app for app in found)


WEB = "from aiohttp import web\n"
GUARD = "if __name__ == '__main__':\n    "


@pytest.mark.parametrize(
    ("file", "text", "spec"),
    [
        ("web.py", f"{WEB}app = web.Application()\nweb.run_app(app)\n", "web.py"),
        ("web.py", f"{WEB}app = web.Application()\n{GUARD}web.run_app(app, port=80)\n", "web:app"),
        ("web.py", f"{WEB}APP = web.Application()\n{GUARD}web.run_app(APP)\n", "web:APP"),
        ("web.py", f"{WEB}from shop import setup\n{GUARD}web.run_app(setup())\n", "web.py"),
        ("web.py", f"{WEB}def get_app(): ...\nasync def init(): ...\n{GUARD}web.run_app(init())\n", "web:init"),
        ("web.py", f"{WEB}def get_app(): ...\ndef init(): ...\n{GUARD}web.run_app(init())\n", "web.py"),
        ("web.py", f"{WEB}async def main():\n    web.AppRunner(1)\nasyncio.run(main())\n", "web.py"),
        ("web.py", f"{WEB}class A:\n    def go(self):\n        web.run_app(1)\ndef f():\n    A()\nf()\n", "web.py"),
        ("web.py", f"{WEB}async def new(): ...\ndef f():\n    'Doc'\n    web.run_app(new())\n{GUARD}f()\n", "web:new"),
        ("web.py", f"{WEB}def init(): ...\ndef main():\n    log()\n    web.run_app(init())\n{GUARD}main()\n", "web.py"),
        ("web.py", f"{WEB}app = web.Application()\n{GUARD}web.run_app(app, access_log=None)\n", "web.py"),
        ("web.py", f"{WEB}{GUARD}app = web.Application()\n    web.run_app(app)\n", "web.py"),
        ("web.py", f"{WEB}async def main():\n    web.AppRunner(1)\n{GUARD}asyncio.run(main())\n", "web.py"),
        ("web.py", f"{WEB}def serve():\n    web.run_app(1)\n", None),
        ("my-app.py", f"{WEB}web.run_app(web.Application())\n", "my-app.py"),
        ("app/main.py", f"{WEB}import sibling\nweb.run_app(web.Application())\n", "app/main.py"),
        ("shop/__init__.py", "", None),
        ("shop/server.py", f"{WEB}web.run_app(web.Application())\n", "-m shop.server"),
        ("shop/__main__.py", f"{WEB}def main():\n    web.run_app(1)\nmain()\n", "-m shop"),
    ],
)  # fmt: skip
def test_what_a_program_serves_is_found(place: Path, file: str, text: str, spec: str | None) -> None:
    """MODULE:NAME where that is the same, else the command."""
    (place / file).parent.mkdir(exist_ok=True)
    if file.startswith("shop/"):
        (place / "shop/__init__.py").touch()
    (place / file).write_text(text)
    found = find_apps(place)
    assert [app.spec for app in found] == ([spec] if spec else [])
    assert all(file in app.why and app.directory == place for app in found)
    assert all(app.is_program == (":" not in app.spec) for app in found)


def test_a_program_is_named_as_its_owner_types_it(place: Path) -> None:
    """With or without ``python``."""
    for words in (
        ["python", "web.py", "--x", "a b"],
        ["/usr/bin/python3.11", "web.py", "--x", "a b"],
        ["web.py", "--x", "a b"],
    ):
        assert named_app(place, words).spec == "web.py --x 'a b'"
    assert named_app(place, ["python3", "-m", "shop"]).spec == "-m shop"


def test_a_script_counts_only_where_nothing_else_serves(place: Path) -> None:
    """A tool of the developers in a directory that is no package."""
    (place / "scripts").mkdir()
    (place / "scripts" / "dev.py").write_text(f"{WEB}web.run_app(web.Application())\n")
    (place / "main.py").write_text(FACTORY)
    assert [app.spec for app in find_apps(place)] == ["main:make_app"]
