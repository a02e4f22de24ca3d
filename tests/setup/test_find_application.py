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
    assert all(named_app(place, app.spec) == app for app in found)
