"""Tests of aiohttp_fleet/plugin/standing.py: ``supervisorctl update`` after an edit of both commands."""

import asyncio
from collections.abc import Callable

from aiohttp_fleet.drill.tally import Lost
from tests.http import get
from tests.load import answered_more, load
from tests.site import Site, edit

Make = Callable[..., Site]


def test_a_new_command_loses_no_request(site: Make) -> None:
    """The standby's group is replaced when the workers are ready, not while they start."""
    made = site().start()
    before = made.pid("standby")

    async def updated() -> list[Lost]:
        async with load(made.port, 16) as tally:
            await answered_more(tally, 200)
            edit(made.supervisord_conf, {" --drain=30 ": " --drain=29 "})
            said = await asyncio.to_thread(made.ctl, "update")
            assert "standby: updated process group" in said
            await answered_more(tally, 200)
        return tally.lost

    assert asyncio.run(updated()) == []
    assert made.pid("standby") not in (0, before)


def test_a_command_that_does_not_work_leaves_the_standby(site: Make) -> None:
    """It goes on with the last one that did, and the reason is told."""
    made = site().start()
    before = made.pid("standby")
    edit(made.supervisord_conf, {" --drain=30 ": " --drain=30 --no-such-option ", "startretries=3": "startretries=0"})
    said = made.ctl("update")
    assert "no worker is ready, so the standby stays" in said
    assert made.pid("standby") == before
    assert get(made.port)


def test_the_standby_of_workers_that_were_stopped_may_go(site: Make) -> None:
    """Whoever stops them all means it; and the standby alone may be stopped at any time."""
    made = site().start()
    assert "standby: stopped" in made.ctl("stop", "standby")
    made.ctl("start", "standby")
    made.ctl("stop", "watchdog", "aiohttp:*")
    assert "standby: stopped" in made.ctl("stop", "standby:*")
