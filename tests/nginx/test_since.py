"""Tests of aiohttp_fleet/nginx/since.py."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.drill.tally import Lost
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx.since import take_up
from tests.load import answered_more, load
from tests.site import Site
from tests.wait import until

Make = Callable[..., Site]


@pytest.mark.parametrize(
    ("version", "taken"), [("1.22.1", []), ("1.27.4", ["since-1.27.4.conf"]), ("1.31.3", ["since-1.27.4.conf"])]
)
def test_only_what_the_version_knows_is_taken_up(place: Path, version: str, taken: list[str]) -> None:
    """What an earlier, newer nginx was given is taken away again."""
    (place / "since").mkdir()
    (place / "since" / "1.27.4.conf").write_text("keepalive_min_timeout 5s;\n")
    (place / "run").mkdir()
    take_up(place / "nginx.conf", "9.9.9")
    take_up(place / "nginx.conf", version)
    assert [file.name for file in (place / "run").iterdir()] == taken


def test_a_missing_run_directory_is_told(place: Path) -> None:
    """Not a traceback."""
    (place / "since").mkdir()
    (place / "since" / "1.27.4.conf").touch()
    with pytest.raises(FleetError, match="run: cannot be written"):
        take_up(place / "nginx.conf", "1.31.3")


def test_a_reload_of_a_newer_nginx_loses_no_request(site: Make) -> None:
    """Kept-alive clients included: the old worker answers on the connections that were used just now."""
    made = site(packaged=True).start()
    master = made.pid("nginx")

    def children() -> set[str]:
        return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())

    async def reload() -> list[Lost]:
        async with load(made.port, 32) as tally:
            for _ in range(3):
                await answered_more(tally, 500)
                before = children()
                os.kill(master, signal.SIGHUP)
                await asyncio.to_thread(until, "a new nginx worker", lambda old=before: children() - old)
                await answered_more(tally, 500)
        return tally.lost

    assert asyncio.run(reload()) == []


@pytest.mark.parametrize(("version", "taken"), [("1.22.1", "old"), ("1.25.1", "new"), ("1.31.3", "new")])
def test_of_what_changed_its_form_the_newest_known_is_taken(place: Path, version: str, taken: str) -> None:
    """How https listens; it is there again after a restart with another nginx."""
    (place / "run").mkdir()
    (place / "tls" / "listen").mkdir(parents=True)
    (place / "tls" / "listen" / "0.conf").write_text("old")
    (place / "tls" / "listen" / "1.25.1.conf").write_text("new")
    take_up(place / "nginx.conf", version)
    assert (place / "run" / "tls-listen.conf").read_text() == taken
