"""Tests of aiohttp_fleet/operate/upgrade_command.py and start_again.py."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp_fleet_drill.sandbox import end
from aiohttp_fleet_drill.tally import Failure

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.operate import start_again
from tests.load import answered_more, load
from tests.place import PROJECT
from tests.site import BIN, Site, edit
from tests.wait import until

Make = Callable[..., Site]


@pytest.fixture
def daemon(site: Make, place: Path) -> Iterator[Callable[[Site], int]]:
    """Return what starts a fleet in the background, as a person does, and returns supervisord's pid."""

    def start(made: Site) -> int:
        environ = {**os.environ, "AIOHTTP_FLEET_DRILL_POSTS": str(made.posts)}
        subprocess.run([BIN / "supervisord", "-c", made.supervisord_conf], env=environ, check=True)
        done = made.fleet("status", "--wait", "30")
        assert done.returncode == 0, done.stdout
        return made.rpc.pid()

    yield start
    end(place)


def test_no_request_fails_while_supervisord_is_replaced(site: Make, daemon: Callable[[Site], int]) -> None:
    """Another supervisord, other workers, the same nginx."""
    made = site().with_workers(2)
    old = daemon(made)
    before = made.pids()

    async def upgraded() -> list[Failure]:
        async with load(made.port, 16, rate=200, posts=made.posts) as tally:
            await answered_more(tally, 100)
            done = await asyncio.to_thread(made.fleet, "upgrade")
            assert done.returncode == 0, done.stdout + done.stderr
            await answered_more(tally, 100)
        return tally.problems

    assert asyncio.run(upgraded()) == []
    assert not is_running(old)
    assert made.rpc.pid() != old
    assert made.fleet("status").returncode == 0
    assert not {before[name] for name in before if name != "nginx"} & set(made.pids().values())


def test_with_code_that_cannot_be_built_supervisord_stays(
    site: Make, daemon: Callable[[Site], int], place: Path
) -> None:
    """The next one could not start the workers."""
    (place / "shop.py").write_text("from aiohttp import web\ndef create_app(): return web.Application()\n")
    made = site("shop:create_app").with_workers(1)
    edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={place}"})
    old = daemon(made)
    (place / "shop.py").write_text("half a fi")
    done = made.fleet("upgrade")
    assert (done.returncode, "nothing was changed" in done.stderr) == (1, True), done.stderr
    assert made.rpc.pid() == old


def test_one_in_the_foreground_is_left_alone(site: Make) -> None:
    """The process that has started it waits for its end."""
    made = site().with_workers(1).start()
    done = made.fleet("upgrade")
    assert (done.returncode, "in the foreground of pid" in done.stderr) == (1, True), done.stderr
    os.kill(made.supervisord.pid, 0)


def test_one_that_cannot_be_started_again_leaves_the_workers(
    site: Make, daemon: Callable[[Site], int], place: Path
) -> None:
    """A mistake in supervisord.conf shows only then; the command that starts it is in the message."""
    made = site().with_workers(1)
    daemon(made)
    workers = [pid for name, pid in made.pids().items() if name.startswith("aiohttp:")]
    edit(made.supervisord_conf, {"$": "\n[rpcinterface:broken]\nsupervisor.rpcinterface_factory=os:abort\n"})
    done = made.fleet("upgrade")
    assert done.returncode == 1
    assert f"serve on; fix it, then: {start_again.SUPERVISORD} -c" in done.stderr, done.stderr
    assert all(map(is_running, workers))
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    until("the workers to end", lambda: not any(map(is_running, workers)))
