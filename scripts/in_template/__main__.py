"""``python -m scripts.in_template``: print a row of the table for each library."""

import argparse
import os
import platform
import sys
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiohttp_fleet_drill.sandbox import sandbox

from aiohttp_fleet.template.messages import LIBRARIES, NOTHING, WHOLE
from scripts.in_template.peers import peers
from scripts.in_template.workers import NAMES, answers, started, worker
from tests.template.started_template import StartedTemplate

APPLICATIONS = Path(__file__).parent / "applications.toml"
SHARED = {WHOLE: "application", LIBRARIES: "libraries", NOTHING: "executed"}
HEADING = "| library | workers share | because | they answer |\n|---|---|---|---|"
HANDLER = """
import asyncio as _asyncio, traceback as _traceback
from aiohttp import web as _web

async def _handle(request):
    try:
        return _web.Response(text=repr(await _asyncio.wait_for(answer(), 15)))
    except Exception as error:
        _traceback.print_exc()
        return _web.Response(status=500, text=f"{type(error).__name__}: {error}".replace("\\n", " "))

def create_app():
    app = _web.Application()
    app.router.add_get("/", _handle)
    return app
"""


def main(argv: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser("scripts/libraries", description="Try well-known libraries in a template.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of applications.toml; all by default")
    parser.add_argument("--log", action="store_true", help="print what templates and workers have written, too")
    parser.add_argument("--execute", action="store_true", help="use no template: whether the application itself works")
    given = parser.parse_args(argv)
    applications = tomllib.loads(APPLICATIONS.read_text())
    print(f"Python {platform.python_version()}\n\n{HEADING}", flush=True)
    with sandbox() as place, peers(place) as addresses:
        for name in given.names or applications:
            application = applications[name]
            if missing := [each for each in application.get("needs", ()) if each not in addresses]:
                print(f"| {name} | not tried, without {missing[0].title()} | | |")
                continue
            own = {key: text.format(**addresses) for key, text in application.get("environment", {}).items()}
            with patch.dict(os.environ, {**addresses, **own}):
                print(_row(name, application, given.log, given.execute), flush=True)


def _row(name: str, application: Mapping[str, Any], log: bool, execute: bool) -> str:
    library, _, use = name.partition(": ")
    versions = ", ".join(f"{package} {version(package)}" for package in application["packages"])
    with sandbox() as place:
        (place / "shop.py").write_text(application["code"] + HANDLER)
        template = StartedTemplate(place)
        outputs = list[Path]()
        with ExitStack() as stack:
            stack.callback(template.stop)
            shares, found = (NOTHING, "") if execute else started(template)
            try:
                outputs += [stack.enter_context(worker(template, shares, each)) for each in NAMES]
                answered = answers(place, application.get("differ", False))
            except (AssertionError, OSError) as error:
                answered = f"**no**: {error!r}"
        if any("did not end" in path.read_text() for path in outputs):
            answered += ", but did not end"
        if log:
            print(*(path.read_text() for path in (template.log, *outputs) if path.exists()), sep="\n---\n")
        found = found.replace(f"{place}/", "")
    title = (
        versions if len(application["packages"]) == 1 and versions.startswith(library) else f"{library} ({versions})"
    )
    return f"| {title}{use and f': {use}'} | {SHARED[shares]} | {found} | {answered} |"


if __name__ == "__main__":
    main(sys.argv[1:])
