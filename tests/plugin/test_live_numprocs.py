"""Tests of aiohttp_fleet/plugin/live_numprocs.py: what supervisorctl prints and does after numprocs was edited."""

from collections.abc import Callable

from tests.http import Client
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]


def _pids(made: Site) -> dict[str, str]:
    """Return the pid of each running process, by namespec."""
    words = [line.split() for line in made.ctl("status").splitlines()]
    return {word[0]: word[3] for word in words if "pid" in word}


def _states(made: Site) -> dict[str, str]:
    words = [line.split() for line in made.ctl("status").splitlines()]
    return {word[0]: word[1] for word in words if word[0].startswith("aiohttp:")}


def _numprocs(made: Site, old: int, new: int) -> None:
    edit(made.supervisord_conf, {f"numprocs={old} ": f"numprocs={new} "})


def test_update_starts_and_stops_only_the_difference(site: Make) -> None:
    """Up, down, up again: no other pid changes, and a second update finds nothing."""
    made = site().start()
    before = _pids(made)
    for old, new in ((4, 6), (6, 2), (2, 3)):
        _numprocs(made, old, new)
        assert made.ctl("update").strip() == "aiohttp: added process group"
        names = {f"aiohttp:web{number}" for number in range(1, new + 1)}
        until(f"{new} workers", lambda names=names: set(_states(made)) == names)  # type: ignore[misc]
        until("all to run", lambda: set(_states(made).values()) == {"RUNNING"})
        assert made.ctl("update").strip() == ""
        now = _pids(made)
        assert all(now[name] == pid for name, pid in before.items() if name in now and name < "aiohttp:web3")
        assert (now["standby"], now["nginx"]) == (before["standby"], before["nginx"])


def test_reread_alone_changes_nothing(site: Make) -> None:
    """It says that there is something to apply, as usual."""
    made = site().start()
    before = _pids(made)
    _numprocs(made, 4, 6)
    assert made.ctl("reread").strip() == "aiohttp: available"
    assert _pids(made) == before


def test_a_worker_that_comes_back_while_it_drains_is_started_again(site: Make) -> None:
    """Scaled down and up again before the drain is over: the name has a new process in the end."""
    made = site().start()
    before = _pids(made)
    with Client(made.place / "web_4.sock") as client:
        client.send(b"GET /slow?seconds=3 HTTP/1.1\r\nHost: test\r\n\r\n")
        log = made.place / "deploy" / "run" / "web4.log"
        until("the request that keeps it in its drain", lambda: "slow begins" in log.read_text())
        _numprocs(made, 4, 2)
        made.ctl("update")
        assert _states(made)["aiohttp:web4"] == "STOPPING"
        _numprocs(made, 2, 4)
        made.ctl("update")
        assert client.answer()[2] == b"slept 3"
    until("all four to run", lambda: list(_states(made).values()) == ["RUNNING"] * 4)
    now = _pids(made)
    assert now["aiohttp:web4"] != before["aiohttp:web4"]
    assert now["aiohttp:web1"] == before["aiohttp:web1"]


def test_any_other_change_replaces_the_group_as_usual(site: Make) -> None:
    """A new command is for all workers; supervisor's own way, through the standby."""
    made = site().start()
    before = _pids(made)
    edit(made.supervisord_conf, {"--drain=30": "--drain=20"})
    assert "aiohttp: updated process group" in made.ctl("update")
    until("all four to run", lambda: list(_states(made).values()) == ["RUNNING"] * 4)
    assert not set(_pids(made).values()) & {before[f"aiohttp:web{number}"] for number in (1, 2, 3, 4)}
