"""Tests of aiohttp_fleet/verbs/scale.py, on a real fleet."""

import asyncio
from collections.abc import Callable

from aiohttp_fleet.drill.tally import Lost
from tests.load import answered_more, load
from tests.site import Site, edit

Make = Callable[..., Site]


def _pids(made: Site) -> dict[str, int]:
    return {line.split()[0]: made.pid(line.split()[0]) for line in made.ctl("status").splitlines()}


def test_no_other_worker_restarts_and_no_request_is_lost(site: Make) -> None:
    """Up and down under load; both files follow, and supervisorctl update finds nothing afterwards."""
    made = site(packaged=True).start()
    before = _pids(made)

    async def scale() -> list[Lost]:
        async with load(made.port, 16) as tally:
            for number in ("6", "2"):
                await answered_more(tally, 300)
                done = await asyncio.to_thread(made.fleet, "scale", number)
                assert done.returncode == 0, done.stdout + done.stderr + made.evidence()
                await answered_more(tally, 300)
        return tally.lost

    lost = asyncio.run(scale())
    after = _pids(made)
    gone = {"aiohttp:web3", "aiohttp:web4"}
    assert after == {name: pid for name, pid in before.items() if name not in gone}
    assert lost == []
    assert made.ctl("update").strip() == ""
    assert made.fleet("render", "--check").returncode == 0
    assert made.fleet("status").returncode == 0
    assert "nothing to change" in made.fleet("scale", "2").stdout


def test_what_fails_is_undone(site: Make) -> None:
    """A new worker that cannot start: both files to the byte, all pids, no further process."""
    made = site().start()
    (made.place / "web_6.sock").write_text("precious")
    before = _pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()
    done = made.fleet("scale", "6", "--timeout", "10")
    assert done.returncode == 1
    assert "aiohttp:web6: it has ended" in done.stderr
    assert "web_6.sock: it exists and is not a socket" in done.stderr
    assert "everything is as it was" in done.stderr
    assert (_pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()) == before
    assert made.ctl("update").strip() == ""


def test_it_is_refused_before_anything_changes(site: Make) -> None:
    """Without the plugin, with changes that nobody has taken up, with files that disagree, with a nonsense number."""
    made = site().start()
    edit(made.supervisord_conf, {"--drain=30": "--drain=20"})
    done = made.fleet("scale", "5")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "changes that supervisord has not taken up yet (aiohttp, standby); supervisorctl update" in done.stderr
    edit(made.supervisord_conf, {"--drain=20": "--drain=30"})
    edit(made.nginx_conf, {r" +server unix:.*web_3.*\n": ""})
    assert "fleet render --write" in made.fleet("scale", "5").stderr
    assert made.fleet("render", "--write").returncode == 0
    assert made.fleet("scale", "0").returncode == 2
    edit(made.supervisord_conf, {r"\[rpcinterface:fleet\]\n.*\n": ""})
    made.ctl("reload")
    made.fleet("status", "--wait", "30")
    done = made.fleet("scale", "5")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "[rpcinterface:fleet]" in done.stderr
