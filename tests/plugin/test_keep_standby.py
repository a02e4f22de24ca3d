"""Tests of aiohttp_fleet/plugin/keep_standby.py: ``supervisorctl update`` after an edit of both commands."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from aiohttp_fleet_drill.tally import Failure

from tests.http import get
from tests.load import answered_more, load
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]
ASKED_AGAIN = 2.0
"""Seconds after which nginx asks a worker again that was away (max_fails in nginx.conf)."""
RATE = 200
"""Requests a second: a moment without a process is long."""


def test_a_new_command_of_the_workers_is_not_the_standbys_before_its_restart(site: Make) -> None:
    """``update`` leaves its section alone; a restart gives it command and environment as they are now."""
    made = site().with_workers(2).start()
    before = made.pid("standby")

    async def updated() -> list[Failure]:
        async with load(made.port, 16, rate=RATE, posts=made.posts) as tally:
            await answered_more(tally, 100)
            edit(made.supervisord_conf, {'WORKER_NUMBER="': 'SUPERVISOR_PROCESS_NAME="new",WORKER_NUMBER="'})
            said = await asyncio.to_thread(made.ctl, "update")
            assert "standby" not in said
            await answered_more(tally, 100)
        return tally.problems

    assert asyncio.run(updated()) == []
    assert made.pid("standby") == before
    made.ctl("restart", "standby")
    standby = made.place / "web_standby.sock"
    until("the standby", standby.exists)
    assert json.loads(get(standby))["worker"] == "new"


def test_no_request_fails_in_a_change_of_both(site: Make) -> None:
    """The standby's group is replaced when the workers are ready, not while they start."""
    made = site().with_workers(2).start()
    before = made.pid("standby")

    async def updated() -> list[Failure]:
        async with load(made.port, 16, rate=RATE, posts=made.posts) as tally:
            await answered_more(tally, 100)
            edit(made.supervisord_conf, {"startretries=3": "startretries=2"})
            said = await asyncio.to_thread(made.ctl, "update")
            assert "standby: updated process group" in said
            await answered_more(tally, 100)
        return tally.problems

    assert asyncio.run(updated()) == []
    assert made.pid("standby") not in (0, before)
    *workers, standby = (Path(worker.socket).stat().st_ctime for worker in made.described.served)
    assert standby - max(workers) >= ASKED_AGAIN


def test_a_command_that_does_not_work_leaves_the_standby(site: Make) -> None:
    """It goes on with the last one that did, and the reason is reported."""
    made = site().with_workers(2).start()
    before = made.pid("standby")
    edit(made.supervisord_conf, {" --drain=30 ": " --drain=30 --no-such-option ", "startretries=3": "startretries=0"})
    said = made.ctl("update")
    assert "no worker is ready, so the standby stays" in said
    assert made.pid("standby") == before
    assert get(made.port)


def test_the_standby_of_workers_that_were_stopped_may_go(site: Make) -> None:
    """Any process that stops them all means it; and the standby alone may be stopped at any time."""
    made = site().with_workers(2).start()
    assert "standby: stopped" in made.ctl("stop", "standby")
    made.ctl("start", "standby")
    made.ctl("stop", "watchdog", "aiohttp:*")
    assert "standby: stopped" in made.ctl("stop", "standby:*")


def test_it_looks_at_the_workers_there_are_after_a_reload_of_supervisord(site: Make) -> None:
    """Those that have failed before it are no longer anybody's."""
    made = site().with_workers(2).start()
    edit(made.supervisord_conf, {" --drain=30 ": " --drain=30 --no-such-option ", "startretries=3": "startretries=0"})
    assert "no worker is ready, so the standby stays" in made.ctl("update")
    edit(made.supervisord_conf, {" --no-such-option ": " "})
    made.ctl("reload")
    until("the fixed command to be ready", made.is_ready)
    edit(made.supervisord_conf, {"startretries=0": "startretries=3"})
    assert "standby: updated process group" in made.ctl("update")


def test_a_socket_that_a_killed_worker_has_left_is_no_worker(site: Make) -> None:
    """A worker that hangs is killed at its stop, and its successor is not ready because the path is there."""
    made = site()
    edit(made.supervisord_conf, {"stopwaitsecs=45": "stopwaitsecs=1"})
    made.with_workers(1).start()
    made.ctl("stop", "watchdog")
    os.kill(made.pid("aiohttp:web1"), signal.SIGSTOP)
    edit(made.supervisord_conf, {'WORKER_NUMBER="': 'PYTHONHASHSEED="7",WORKER_NUMBER="'})

    async def updated() -> list[Failure]:
        async with load(made.port, 4, rate=RATE, posts=made.posts) as tally:
            await asyncio.to_thread(made.ctl, "update", "aiohttp")
            begun = len(tally.problems)
            await asyncio.to_thread(made.ctl, "update")
            await answered_more(tally, 100)
            return tally.problems[begun:]

    assert [lost for lost in asyncio.run(updated()) if lost.method == "GET"] == []
