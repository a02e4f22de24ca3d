"""Tests of aiohttp_fleet/operate/restart_command.py, on a real fleet."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp_fleet_drill.tally import Failure

from tests.http import get
from tests.load import answered_more, load
from tests.place import PROJECT
from tests.site import BIN, Site, edit
from tests.wait import until

Make = Callable[..., Site]
GOOD = "from tests.apps.work import create_app\n"


@pytest.fixture
def shop(site: Make, place: Path) -> Site:
    """Start two workers of an application whose module the test may break: shop.py in the place."""
    (place / "shop.py").write_text(GOOD)
    made = site("shop:create_app")
    edit(made.supervisord_conf, {"numprocs=4 ": "numprocs=2 ", f"directory={PROJECT}": f"directory={place}"})
    assert made.fleet("render", "--write").returncode == 0
    return made.start()


def _pids(made: Site) -> list[int]:
    return [made.pid(f"aiohttp:web{number}") for number in (1, 2)]


def test_every_worker_is_replaced_and_no_request_lost(shop: Site) -> None:
    """One after the other, under load; each line names the old and the new pid."""
    before = _pids(shop)

    async def roll() -> list[Failure]:
        async with load(shop.port, 16, posts=shop.posts) as tally:
            await answered_more(tally, 500)
            done = await asyncio.to_thread(shop.fleet, "restart", "--check", "/")
            assert done.returncode == 0, done.stdout + done.stderr
            after = _pids(shop)
            assert not set(before) & set(after)
            assert [line.split("pid ")[1] for line in done.stdout.splitlines()] == [
                f"{old} -> {new}" for old, new in zip(before, after, strict=True)
            ]
            await answered_more(tally, 500)
        return tally.problems

    assert asyncio.run(roll()) == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import no_such_module\n" + GOOD, "No module named 'no_such_module'"),
        ("def create_app():\n    raise RuntimeError('no settings')\n", "no settings"),
        ("def create_app(:\n", "SyntaxError"),
    ],
)
def test_code_that_cannot_be_built_is_refused_before_anything_is_touched(shop: Site, code: str, told: str) -> None:
    """The preflight; its last lines are the report."""
    before = _pids(shop)
    (shop.place / "shop.py").write_text(code)
    done = shop.fleet("restart")
    assert done.returncode == 1
    assert told in done.stderr
    assert "nothing was touched" in done.stderr
    assert "Traceback" in done.stderr, "the application's own is shown"
    assert _pids(shop) == before


@pytest.mark.parametrize(
    ("start", "told"),
    [("raise RuntimeError('no database')", "no database"), ("await asyncio.Event().wait()", "not ready in 2 s")],
)
def test_a_start_up_that_fails_ends_the_roll_and_leaves_the_others(shop: Site, start: str, told: str) -> None:
    """The first worker shows it, with the last lines of its log; web2 serves on, and a mended roll begins with web1."""
    code = f"import asyncio\n{GOOD}build = create_app\nasync def begin(app):\n    {start}\n"
    code += "def create_app():\n    app = build()\n    app.on_startup.append(begin)\n    return app\n"
    (shop.place / "shop.py").write_text(code)
    before = _pids(shop)
    done = shop.fleet("restart", "--timeout", "2")
    assert done.returncode == 1
    assert told in done.stderr
    assert "not touched: web2; mend it, then run fleet restart again" in done.stderr
    assert shop.pid("aiohttp:web2") == before[1]
    assert get(shop.port)
    (shop.place / "shop.py").write_text(GOOD)
    done = shop.fleet("restart")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("web1: ")


def test_an_answer_that_is_an_error_ends_the_roll(shop: Site) -> None:
    """--check asks the new worker through its own socket; the JSON says what became of whom."""
    before = _pids(shop)
    done = shop.fleet("restart", "--check", "/nowhere", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["done"], len(report["workers"])) == (1, False, 1)
    assert report["workers"][0]["reason"] == "GET /nowhere was answered with 404"
    assert shop.pid("aiohttp:web2") == before[1]


def test_a_second_roll_is_refused(shop: Site) -> None:
    """One at a time; the line says who is at it."""
    lock = shop.place / "deploy" / "run" / "fleet.lock"
    command = [str(BIN / "fleet"), "--config", str(shop.supervisord_conf), "restart"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        until("the first to begin", lambda: lock.exists() and str(first.pid) in lock.read_text())
        second = shop.fleet("restart")
    assert first.returncode == 0
    assert second.returncode == 1
    assert f"fleet restart (pid {first.pid}) is changing the fleet; wait until it is done" in second.stderr


def test_an_interrupted_roll_leaves_no_worker_stopped(shop: Site) -> None:
    """Ctrl-C while web1 drains, and kill by who cannot wait: it is drained, started again, then the roll ends."""
    with subprocess.Popen(
        ["curl", "-sN", "--unix-socket", str(shop.place / "web_1.sock"), "http://x/slow?seconds=3"],
        stdout=subprocess.DEVNULL,
    ):
        log = shop.place / "deploy" / "run" / "web1.log"
        until("the request to arrive", lambda: "slow begins" in log.read_text())
        command = [str(BIN / "fleet"), "--config", str(shop.supervisord_conf), "restart"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as roll:
            until("web1 to drain", lambda: "draining" in log.read_text())
            os.kill(roll.pid, signal.SIGINT)
            os.kill(roll.pid, signal.SIGTERM)
            _, told = roll.communicate(timeout=30)
    assert roll.returncode == 130
    assert told.strip() == b"fleet: interrupted; no worker is left stopped, fleet restart begins anew"
    until("both to be ready", shop.is_ready)


def test_an_unknown_worker_is_wrong_usage(shop: Site) -> None:
    """Exit code 2, one line."""
    done = shop.fleet("restart", "web9")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    done = shop.fleet("restart", "--check", "health")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_only_those_that_are_named_are_restarted(shop: Site) -> None:
    """By either name."""
    before = _pids(shop)
    done = shop.fleet("restart", "aiohttp:web2")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stderr
    assert [old == new for old, new in zip(before, _pids(shop), strict=True)] == [True, False]


def test_it_is_refused_when_nobody_else_would_serve(shop: Site) -> None:
    """The last one that is ready; with the standby back it may."""
    shop.ctl("stop", "standby", "aiohttp:web2")
    before = _pids(shop)
    done = shop.fleet("restart")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "nobody else is ready to serve during the roll" in done.stderr
    assert _pids(shop) == before
    assert shop.fleet("restart", "web2").returncode == 0, "it is down anyway"


def test_a_blocked_event_loop_is_not_ready(shop: Site) -> None:
    """Its socket is there and its connections are accepted by the kernel, but nobody answers."""
    code = GOOD + "import asyncio, time\nbuild = create_app\nasync def begin(app):\n"
    code += "    asyncio.get_running_loop().call_later(0.01, time.sleep, 15)\n"
    code += "def create_app():\n    app = build()\n    app.on_startup.append(begin)\n    return app\n"
    (shop.place / "shop.py").write_text(code)
    done = shop.fleet("restart", "--timeout", "1", "web1")
    assert done.returncode == 1
    assert "its event loop is blocked, or it is stopped" in done.stderr


def test_a_command_that_cannot_be_run_ends_the_roll(shop: Site) -> None:
    """It is told of the worker, with supervisord's words, and by the JSON; another command has no preflight."""
    own = shop.place / "serve"
    own.write_text(f'#!/bin/sh\nexec {sys.executable} -m aiohttp_fleet.worker shop:create_app "$@"\n')
    own.chmod(0o755)
    edit(shop.supervisord_conf, {'command=".*python" -m aiohttp_fleet.worker shop:create_app': f"command={own}"})
    shop.ctl("update")
    assert shop.fleet("status", "--wait", "20").returncode == 0
    done = shop.fleet("restart", "web1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no preflight")
    own.unlink()
    done = shop.fleet("restart", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["done"], report["workers"][0]["new_pid"]) == (1, False, 0)
    assert "NO_FILE" in report["workers"][0]["reason"]
