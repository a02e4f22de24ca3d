"""Tests of drill/aiohttp_fleet_drill/live_target.py, on a real fleet."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.load import answered_more, load
from tests.place import sandbox
from tests.site import Site, started

pytestmark = pytest.mark.xdist_group("live")  # one fleet for all of them


@pytest.fixture(scope="module")
def fleet() -> Iterator[Site]:
    """Start one with another application than the drill's."""
    with sandbox() as directory:
        made = Site(directory).with_workers(3)
        with started(made):
            yield made


def test_a_running_fleet_is_drilled_and_keeps_its_number_of_workers(fleet: Site) -> None:
    """With faults that any application stands; a fault that needs a private copy is skipped."""
    names = ("restart-one", "scale-down", "shutdown")
    done = fleet.fleet("drill", *names, "--live", "--clients", "8", "--rate", "200", "--post", "/", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)["faults"]}
    assert (rows["restart-one"]["failed"], rows["restart-one"]["repeated"]) == (0, None)
    assert rows["restart-one"]["requests"] > 100
    assert (rows["shutdown"]["verdict"], rows["shutdown"]["reasons"]) == ("skipped", ["it needs a private copy"])
    assert len(fleet.described.workers) == 3
    assert fleet.is_ready()


def test_a_fleet_that_serves_other_clients_is_refused(fleet: Site) -> None:
    """With the number of their requests, unless the operator says --yes."""
    before = fleet.pids()

    async def with_other_clients(*sure: str) -> tuple[int, str]:
        async with load(fleet.port, 4, rate=50, posts=fleet.posts) as tally:
            await answered_more(tally, 10)
            arguments = ("drill", "restart-one", "--live", "--clients", "2", "--rate", "50", *sure)
            done = await asyncio.to_thread(fleet.fleet, *arguments)
        assert tally.problems == []
        return done.returncode, done.stderr

    code, stderr = asyncio.run(with_other_clients())
    assert code == 1
    assert "it serves other clients" in stderr
    assert stderr.count("\n") == 1
    assert fleet.pids() == before
    assert asyncio.run(with_other_clients("--yes")) == (0, "")
    assert fleet.pids() != before


def test_a_fleet_that_is_not_ready_is_refused(fleet: Site) -> None:
    """A drill would only repeat what fleet status says."""
    fleet.ctl("stop", "aiohttp:web2")
    done = fleet.fleet("drill", "restart-one", "--live")
    fleet.ctl("start", "aiohttp:web2")
    assert done.returncode == 1
    assert "not ready: web2" in done.stderr
