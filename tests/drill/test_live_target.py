"""Tests of drill/aiohttp_fleet_drill/live_target.py, on a real fleet that is drilled itself."""

import asyncio
import json
from collections.abc import Callable

import pytest

from tests.load import answered_more, load
from tests.site import Site

Make = Callable[..., Site]


@pytest.fixture
def fleet(site: Make) -> Site:
    """Start one whose application is no drill's."""
    return site().start()


def test_a_running_fleet_is_drilled_and_has_its_number_again(fleet: Site) -> None:
    """Only what any application can stand; what needs a private copy is skipped."""
    names = ("restart-one", "scale-down", "shutdown")
    done = fleet.fleet("drill", *names, "--here", "--clients", "8", "--rate", "200", "--post", "/", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)["faults"]}
    assert rows["restart-one"]["lost"] == 0
    assert rows["restart-one"]["requests"] > 100
    assert (rows["shutdown"]["verdict"], rows["shutdown"]["reasons"]) == ("skipped", ["it needs a private copy"])
    assert len(fleet.described.workers) == 4
    assert fleet.is_ready()


def test_a_fleet_that_serves_others_is_left_alone(fleet: Site) -> None:
    """It is refused with the number of their requests, unless the operator is sure."""
    before = fleet.pids()

    async def beside_others(*sure: str) -> tuple[int, str]:
        async with load(fleet.port, 4, rate=50) as tally:
            await answered_more(tally, 10)
            arguments = ("drill", "restart-one", "--here", "--clients", "2", "--rate", "50", *sure)
            done = await asyncio.to_thread(fleet.fleet, *arguments)
        assert tally.lost == []
        return done.returncode, done.stderr

    code, told = asyncio.run(beside_others())
    assert code == 1
    assert "it serves others" in told
    assert told.count("\n") == 1
    assert fleet.pids() == before
    assert asyncio.run(beside_others("--yes")) == (0, "")
    assert fleet.pids() != before


def test_a_fleet_that_is_not_ready_is_left_alone(fleet: Site) -> None:
    """A drill would only tell what fleet status tells."""
    fleet.ctl("stop", "aiohttp:web2")
    done = fleet.fleet("drill", "restart-one", "--here")
    assert done.returncode == 1
    assert "not ready: web2" in done.stderr
