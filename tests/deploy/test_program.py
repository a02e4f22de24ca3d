"""Fleets whose workers run their owner's program."""

from collections.abc import Callable
from pathlib import Path

from aiohttp_fleet.common.processes import title
from tests.http import get
from tests.place import USER
from tests.site import Site, edit

RECIPE = """from aiohttp import web
import argparse
parser = argparse.ArgumentParser(description="aiohttp app")
parser.add_argument('--path')
async def hello(request):
    return web.Response(text="Hello, world")
if __name__ == '__main__':
    args = parser.parse_args()
    app = web.Application()
    app.add_routes([web.get('/', hello)])
    web.run_app(app,path=args.path)
"""
"""The web.py of the recipe that the kit begins with, as it is printed."""


def test_the_web_py_of_the_recipe_runs_as_it_is(site: Callable[..., Site], place: Path) -> None:
    """With its own ``--path``; the template shares it, a restart loads new code, broken code is refused."""
    (place / "web.py").write_text(RECIPE)
    made = site()
    command = rf"aiohttp_fleet.worker --drain=30 --user={USER} web.py --path={place}/web_%(process_num)s.sock"
    edit(made.supervisord_conf, {r"aiohttp_fleet\.worker .*": command, r"\ndirectory=\S+": f"\ndirectory={place}"})
    made.start()
    assert get(made.port) == b"Hello, world"
    plugin = made.rpc.plugin()
    assert plugin and [each["shares"] for each in plugin["templates"]] == ["application"]
    assert made.fleet("render", "--check").returncode == 0
    (place / "web.py").write_text(RECIPE.replace("Hello, world", "Hello, new world"))
    done = made.fleet("restart")
    assert done.returncode == 0, done.stderr
    assert get(made.port) == b"Hello, new world"
    (place / "web.py").write_text(RECIPE.replace("run_app(app", "run_app(None"))
    refused = made.fleet("restart")
    assert refused.returncode == 1
    assert "The first argument should be web.Application instance" in refused.stderr
    assert get(made.port) == b"Hello, new world"
    assert title(made.pid("aiohttp:web1")).startswith(b"web1: python web.py --path=")
