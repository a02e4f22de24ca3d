"""Tests of aiohttp_fleet/operate/restart_command.py, on a real fleet."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp_fleet_drill.tally import Failure

from tests.http import get
from tests.load import answered_more, load
from tests.place import PROJECT, sandbox
from tests.site import BIN, Site, edit
from tests.wait import until

pytestmark = pytest.mark.xdist_group("restart")  # one fleet for all of them, but for those that damage it
WITHOUT = pytest.param(False, marks=pytest.mark.xdist_group("without_plugin"))
"""Without the plugin: another fleet, for a group of its own."""
Make = Callable[..., Site]
GOOD = """
import asyncio, os
from aiohttp import web
from tests.apps import work

async def wait(request):
    print("wait begins", flush=True)
    await work.seen(lambda: os.path.exists("gate"))
    return web.Response(text="waited")

def create_app():
    app = work.create_app()
    app.router.add_get("/wait", wait)
    return app
"""


def _shop(made: Site, plugin: bool) -> Site:
    """Start two workers of an application whose module the test may break: shop.py in the directory."""
    (made.place / "shop.py").write_text(GOOD)
    edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={made.place}"})
    # the watchdog would refresh the standby of a fleet that serves many tests, in the middle of one
    edit(made.supervisord_conf, {r"(-m aiohttp_fleet\.watchdog \S+)": r"\1 --settle=1h"})
    if not plugin:
        made.without_plugin()
    return made.with_workers(2).start()


@pytest.fixture(scope="module")
def shops() -> Iterator[Callable[[bool], Site]]:
    """Start a fleet with the plugin and one without it, each when a test first needs it."""
    with ExitStack() as stack:

        @cache
        def shop(plugin: bool) -> Site:
            made = Site(stack.enter_context(sandbox()), "shop:create_app")
            stack.callback(made.stop)
            return _shop(made, plugin)

        yield shop


@pytest.fixture
def plugin() -> bool:
    """Whether supervisord has [rpcinterface:fleet]; a test may be run with and without."""
    return True


@pytest.fixture
def shop(shops: Callable[[bool], Site], plugin: bool) -> Iterator[Site]:
    """Give the test the fleet that all share; then its code is good again, and everything is ready."""
    made = shops(plugin)
    yield made
    (made.place / "shop.py").write_text(GOOD)
    (made.place / "gate").touch()
    until("everything to be ready again", made.is_ready)
    (made.place / "gate").unlink()


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
    ("code", "said"),
    [
        ("import no_such_module\n" + GOOD, "No module named 'no_such_module'"),
        ("def create_app():\n    raise RuntimeError('no settings')\n", "no settings"),
        ("def create_app(:\n", "SyntaxError"),
    ],
)
def test_code_that_cannot_be_built_is_refused_before_anything_is_changed(shop: Site, code: str, said: str) -> None:
    """The preflight; its last lines are the report."""
    before = _pids(shop)
    (shop.place / "shop.py").write_text(code)
    done = shop.fleet("restart")
    assert done.returncode == 1
    assert said in done.stderr
    assert "nothing was changed" in done.stderr
    assert "Traceback" in done.stderr, "the application's own is shown"
    assert _pids(shop) == before


@pytest.mark.parametrize(
    ("start", "said"),
    [("raise RuntimeError('no database')", "no database"), ("await asyncio.Event().wait()", "not ready in 2 s")],
)
def test_a_start_up_that_fails_ends_the_restart_and_leaves_the_others(shop: Site, start: str, said: str) -> None:
    """The first worker shows it, with the last lines of its log; web2 serves on, and a fixed roll begins with web1."""
    code = f"import asyncio\n{GOOD}build = create_app\nasync def begin(app):\n    {start}\n"
    code += "def create_app():\n    app = build()\n    app.on_startup.append(begin)\n    return app\n"
    (shop.place / "shop.py").write_text(code)
    before = _pids(shop)
    done = shop.fleet("restart", "--timeout", "2")
    assert done.returncode == 1
    assert said in done.stderr
    assert "not restarted: web2; fix it, then run fleet restart again" in done.stderr
    assert shop.pid("aiohttp:web2") == before[1]
    assert get(shop.port)
    (shop.place / "shop.py").write_text(GOOD)
    done = shop.fleet("restart")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("web1: ")


def test_an_answer_that_is_an_error_ends_the_restart(shop: Site) -> None:
    """--check asks the new worker through its own socket; the JSON has the result of each."""
    before = _pids(shop)
    done = shop.fleet("restart", "--check", "/nowhere", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["done"], len(report["workers"])) == (1, False, 1)
    assert report["workers"][0]["reason"] == "GET /nowhere was answered with 404"
    assert shop.pid("aiohttp:web2") == before[1]


def _begun(made: Site, *arguments: str) -> subprocess.Popen[str]:
    """Start ``fleet restart``."""
    command = [str(BIN / "fleet"), "--config", str(made.supervisord_conf), "restart", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def _draining(
    made: Site, client: Callable[..., subprocess.Popen[str]] = _begun
) -> Iterator[tuple[subprocess.Popen[str], Callable[[], None]]]:
    """Run a client until web1 drains, and keep web1 there until the returned function is called."""
    log = made.place / "deploy" / "run" / "web1.log"
    drains, waits = (log.read_text().count(word) for word in ("draining", "wait begins"))
    slow = ["curl", "-s", "--unix-socket", str(made.place / "web_1.sock"), "http://x/wait"]
    with subprocess.Popen(slow, stdout=subprocess.PIPE) as request:
        until("the request to arrive", lambda: log.read_text().count("wait begins") > waits)
        with client(made) as started:
            until("web1 to drain", lambda: log.read_text().count("draining") > drains)
            yield started, (made.place / "gate").touch
        assert request.communicate(timeout=20)[0] == b"waited"


def _report(made: Site) -> dict[str, Any]:
    """Return what supervisord says of the restart."""
    return made.rpc.restart_report() or {}


def _all_replaced(made: Site, before: list[int]) -> bool:
    return not set(before) & set(_pids(made)) and made.is_ready()


def test_a_restart_survives_its_client(shop: Site) -> None:
    """kill -9 in the middle of a drain: supervisord goes on, and --attach has the result."""
    before = _pids(shop)
    with _draining(shop) as (client, release):
        client.kill()
        client.wait()
        release()
    until("both to be replaced", lambda: _all_replaced(shop, before))
    done = shop.fleet("restart", "--attach")
    assert (done.returncode, done.stdout.count("ready in")) == (0, 2), done.stderr


def test_the_end_of_the_operators_connection_leaves_it_running(shop: Site) -> None:
    """SIGHUP, in contrast to Ctrl-C; the line says how to see it again."""
    before = _pids(shop)

    with _draining(shop) as (client, release):
        client.send_signal(signal.SIGHUP)
        _, stderr = client.communicate(timeout=30)
        release()
    assert (client.returncode, "fleet restart --attach" in stderr) == (130, True)
    until("both to be replaced", lambda: _all_replaced(shop, before))


@pytest.mark.parametrize("plugin", [True, WITHOUT])
def test_a_closed_output_leaves_it_running(shop: Site, plugin: bool) -> None:
    """As in ``fleet restart | head -1``: all workers are restarted."""
    before = _pids(shop)
    client = _begun(shop)
    assert client.stdout and client.stderr
    assert client.stdout.readline().startswith("web1: drained")
    client.stdout.close()
    assert (client.wait(30), client.stderr.read()) == (0, "")
    client.stderr.close()
    assert _all_replaced(shop, before)


def test_a_second_one_is_refused_and_can_attach(shop: Site) -> None:
    """The line says who runs one and how to see it; --attach ends with the result; scale is refused, too."""
    with _draining(shop) as (first, release):
        second, scale = shop.fleet("restart"), shop.fleet("scale", "3")
        release()
        attached = shop.fleet("restart", "--attach", "--json")
        stdout, _ = first.communicate(timeout=30)
    assert (second.returncode, scale.returncode, first.returncode) == (1, 1, 0)
    for refused in (second, scale):
        assert f"a rolling restart is running (by fleet restart (pid {first.pid}); web1 is draining)" in refused.stderr
        assert "fleet restart --attach shows it, fleet restart --cancel ends it" in refused.stderr
    report = json.loads(attached.stdout)
    assert (attached.returncode, report["done"], report["state"]) == (0, True, "done")
    assert [f"{worker['old_pid']} -> {worker['new_pid']}" for worker in report["workers"]] == [
        line.split("pid ")[1] for line in stdout.splitlines()
    ]


def test_it_may_be_detached_from_the_start(shop: Site) -> None:
    """--detach returns at once; --attach follows it to its end."""
    before = _pids(shop)
    done = shop.fleet("restart", "--detach")
    assert (done.returncode, done.stdout) == (
        0,
        "started; fleet restart --attach shows it, fleet restart --cancel ends it\n",
    )
    assert shop.fleet("restart", "--attach").returncode == 0
    assert _all_replaced(shop, before)
    done = shop.fleet("restart", "--cancel")
    assert (done.returncode, "no rolling restart is running" in done.stderr) == (1, True)


@pytest.mark.parametrize("plugin", [True, WITHOUT])
def test_an_interrupted_restart_leaves_no_worker_stopped(shop: Site, plugin: bool) -> None:
    """Ctrl-C, then SIGTERM, while web1 drains: it is drained and started again, then the restart ends."""
    before = _pids(shop)
    with _draining(shop) as (client, release):
        client.send_signal(signal.SIGINT)
        client.send_signal(signal.SIGTERM)
        if plugin:
            until("it to be cancelled", lambda: _report(shop)["is_cancelled"])
        release()
        _, stderr = client.communicate(timeout=30)
    assert client.returncode == 130
    assert "interrupted; no worker is left stopped; not restarted: web1, web2; run fleet restart again" in stderr
    until("both to be ready", shop.is_ready)
    assert [old == new for old, new in zip(before, _pids(shop), strict=True)] == [False, True]


def test_it_can_be_cancelled_from_elsewhere(shop: Site) -> None:
    """--cancel ends it after web1 was started again; the client that shows it says so."""
    before = _pids(shop)
    with _draining(shop) as (client, release), _begun(shop, "--cancel") as other:
        until("it to be cancelled", lambda: _report(shop)["is_cancelled"])
        release()
        _, said = other.communicate(timeout=30)
        _, stderr = client.communicate(timeout=30)
    assert (other.returncode, client.returncode) == (0, 130)
    assert "no worker is left stopped" in said
    assert "no worker is left stopped" in stderr
    until("both to be ready", shop.is_ready)
    assert shop.pid("aiohttp:web2") == before[1]


IMPATIENT = (
    "from aiohttp_fleet.cli import main; from aiohttp_fleet.supervision import supervisor_rpc as rpc; "
    "rpc.TIMEOUT = 0.3; main()"
)


@pytest.mark.parametrize("plugin", [True, WITHOUT])
def test_a_supervisord_that_does_not_answer_for_a_while_is_waited_for(shop: Site, plugin: bool) -> None:
    """SIGSTOP in the middle of a drain, for longer than one call may take: the restart goes on afterwards."""
    before = _pids(shop)

    def impatient(made: Site) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", IMPATIENT, "--config", str(made.supervisord_conf), "restart"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with _draining(shop, impatient) as (client, release):
        shop.supervisord.send_signal(signal.SIGSTOP)
        release()
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                client.wait(1)
        finally:
            shop.supervisord.send_signal(signal.SIGCONT)
        stdout, stderr = client.communicate(timeout=30)
    assert (client.returncode, stdout.count("ready in")) == (0, 2), stderr
    assert _all_replaced(shop, before)


def test_a_shutdown_of_supervisord_ends_it(site: Make) -> None:
    """supervisord does not wait for the restart, and starts nothing any more."""
    made = _shop(site("shop:create_app"), plugin=True)
    with _draining(made) as (client, release):
        made.supervisord.send_signal(signal.SIGTERM)
        release()
        _, stderr = client.communicate(timeout=60)
        assert made.supervisord.wait(60) == 0
    assert client.returncode == 1
    assert "fleet: " in stderr


@pytest.mark.parametrize("plugin", [WITHOUT])
def test_without_the_plugin_nothing_is_detached(shop: Site) -> None:
    """The line says what is missing."""
    for option in ("--detach", "--attach", "--cancel"):
        done = shop.fleet("restart", option)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "supervisord has no [rpcinterface:fleet]" in done.stderr


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


def test_it_is_refused_when_no_one_else_would_serve(shop: Site) -> None:
    """The last one that is ready; with the standby back it may."""
    shop.ctl("stop", "standby", "aiohttp:web2")
    before = _pids(shop)
    done = shop.fleet("restart")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no other worker is ready; restarting now would cause downtime" in done.stderr
    assert _pids(shop) == before
    assert shop.fleet("restart", "web2").returncode == 0, "it is down anyway"
    shop.ctl("start", "standby")


def test_a_blocked_event_loop_is_not_ready(shop: Site) -> None:
    """Its socket is there and its connections are accepted by the kernel, but no one answers."""
    code = GOOD + "from aiohttp_fleet.common.waiting import wait_until\nbuild = create_app\ndef block():\n"
    code += f"    ended = lambda: os.path.exists('gate') or not os.path.exists({str(shop.place / 'web_1.sock')!r})\n"
    code += "    wait_until(ended, work.PATIENCE)\n    if not os.path.exists('gate'):\n"
    code += "        asyncio.get_running_loop().call_soon(block)\nasync def begin(app):\n    block()\n"
    code += "def create_app():\n    app = build()\n    app.on_startup.append(begin)\n    return app\n"
    (shop.place / "shop.py").write_text(code)
    done = shop.fleet("restart", "--timeout", "1", "web1")
    assert done.returncode == 1
    assert "its event loop is blocked, or it is stopped" in done.stderr


def test_a_command_that_cannot_be_run_ends_the_restart(site: Make, place: Path) -> None:
    """It is reported of the worker, with supervisord's words, and by the JSON; another command has no preflight."""
    own = place / "serve"
    own.write_text(f'#!/bin/sh\nexec {sys.executable} -m aiohttp_fleet.worker shop:create_app "$@"\n')
    own.chmod(0o755)
    made = site("shop:create_app")
    edit(made.supervisord_conf, {'command=".*python" -m aiohttp_fleet.worker shop:create_app': f"command={own}"})
    _shop(made, plugin=True)
    done = made.fleet("restart", "web1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no preflight")
    own.unlink()
    done = made.fleet("restart", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["done"], report["workers"][0]["new_pid"]) == (1, False, 0)
    assert "NO_FILE" in report["workers"][0]["reason"]
