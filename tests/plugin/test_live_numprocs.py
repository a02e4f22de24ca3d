"""Tests of aiohttp_fleet/plugin/live_numprocs.py: what supervisorctl prints and does after numprocs was edited."""

import pytest

from tests.control import query
from tests.http import Client
from tests.site import Site, edit
from tests.wait import until

pytestmark = pytest.mark.xdist_group("plugin")


def _pids(made: Site) -> dict[str, int]:
    """Return the pid of each running process, by namespec."""
    return {name: info["pid"] for name, info in made.rpc.processes().items() if info["pid"]}


def _states(made: Site) -> dict[str, str]:
    """Return the state of each worker, by namespec."""
    infos = made.rpc.processes()
    return {name: info["statename"] for name, info in sorted(infos.items()) if name.startswith("aiohttp:")}


def _numprocs(made: Site, old: int, new: int) -> None:
    edit(made.supervisord_conf, {f"numprocs={old} ": f"numprocs={new} "})


def test_update_starts_and_stops_only_the_difference(made: Site) -> None:
    """Up, down, up again: no other pid changes, and a second update finds nothing."""
    before = _pids(made)
    for old, new in ((4, 6), (6, 2), (2, 4)):
        _numprocs(made, old, new)
        assert made.ctl("update").strip() == "aiohttp: added process group"
        names = {f"aiohttp:web{number}" for number in range(1, new + 1)}
        until(f"{new} workers", lambda names=names: set(_states(made)) == names)  # type: ignore[misc]
        until("all to run", lambda: set(_states(made).values()) == {"RUNNING"})
        assert made.ctl("update").strip() == ""
        now = _pids(made)
        assert all(now[name] == pid for name, pid in before.items() if name in now and name < "aiohttp:web3")
        assert (now["standby"], now["nginx"]) == (before["standby"], before["nginx"])


def test_reread_alone_changes_nothing(made: Site) -> None:
    """It says that there is something to apply, as usual."""
    before = _pids(made)
    _numprocs(made, 4, 6)
    try:
        assert made.ctl("reread").strip() == "aiohttp: available"
        assert _pids(made) == before
    finally:
        _numprocs(made, 6, 4)


def test_a_worker_that_comes_back_while_it_drains_is_started_again(made: Site) -> None:
    """Scaled down and up again before the drain is over: the name has a new process in the end."""
    before = _pids(made)
    with Client(made.place / "web_4.sock") as client:
        client.send(b"POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\n\r\nhalf")
        until("the request that keeps it in its drain", lambda: query(str(made.place / "web_4.ctl")).in_flight)
        _numprocs(made, 4, 2)
        made.ctl("update")
        assert _states(made)["aiohttp:web4"] == "STOPPING"
        _numprocs(made, 2, 4)
        made.ctl("update")
        client.send(b"half")
        assert client.answer()[2] == b'{"size": 8}'
    until("all four to run", lambda: list(_states(made).values()) == ["RUNNING"] * 4)
    now = _pids(made)
    assert now["aiohttp:web4"] != before["aiohttp:web4"]
    assert now["aiohttp:web1"] == before["aiohttp:web1"]


def test_any_other_change_replaces_the_group_as_usual(made: Site) -> None:
    """A new command is for all workers; supervisor's own way, through the standby."""
    before = _pids(made)
    edit(made.supervisord_conf, {"--drain=30": "--drain=20"})
    assert "aiohttp: updated process group" in made.ctl("update")
    until("all four to run", lambda: list(_states(made).values()) == ["RUNNING"] * 4)
    assert not set(_pids(made).values()) & {before[f"aiohttp:web{number}"] for number in (1, 2, 3, 4)}
