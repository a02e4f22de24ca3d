"""Tests of aiohttp_fleet/operate/scale_command.py, on a real fleet."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest
from aiohttp_fleet_drill.tally import Failure

from tests.control import query
from tests.http import Client, get
from tests.load import answered_more, load
from tests.place import PROJECT, sandbox
from tests.site import BIN, Site, edit, started
from tests.wait import until

SHARED = pytest.mark.xdist_group("scale")
SHOP = pytest.mark.xdist_group("scale_shop")
"""For the tests that share a fleet."""
Make = Callable[..., Site]
State = tuple[dict[str, int], bytes, bytes]
LEAVING = """
import asyncio, os
from tests.apps.work import create_app as build, seen

async def begin(app):
    print("start-up begins", flush=True)
    await seen(lambda: not os.path.exists("hold"))

async def end(app):
    await asyncio.sleep(2)

def create_app():
    app = build()
    app.on_startup.append(begin)
    app.on_cleanup.append(end)
    return app
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Site]:
    """Start a fleet for several tests."""
    with sandbox() as directory:
        made = Site(directory)
        with started(made):
            yield made


@pytest.fixture(scope="module")
def shop() -> Iterator[Site]:
    """Start two workers that start up when there is no file "hold", and take two seconds to end."""
    with sandbox() as directory:
        (directory / "shop.py").write_text(LEAVING)
        made = Site(directory, "shop:create_app")
        edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={directory}"})
        with started(made.with_workers(2)):
            yield made


def _without_processes(made: Site) -> Site:
    """Start supervisord alone, for what is refused before any process matters."""
    edit(made.supervisord_conf, {"autostart=true": "autostart=false"})
    made.launch()
    until("supervisord to answer", made.rows)
    return made


def _pids(made: Site) -> dict[str, int]:
    return {name: info["pid"] for name, info in made.rpc.processes().items()}


def _state(made: Site) -> State:
    """Return all that a scale changes."""
    return _pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()


def test_no_other_worker_restarts_and_no_request_fails(site: Make) -> None:
    """Up and down under load; both files follow, and supervisorctl update finds nothing afterwards."""
    made = site(packaged=True).start()
    before = _pids(made)

    async def scale() -> list[Failure]:
        async with load(made.port, 16, posts=made.posts) as tally:
            for number in ("6", "2"):
                await answered_more(tally, 300)
                done = await asyncio.to_thread(made.fleet, "scale", number)
                assert done.returncode == 0, done.stdout + done.stderr + made.evidence()
                await answered_more(tally, 300)
        return tally.problems

    lost = asyncio.run(scale())
    after = _pids(made)
    gone = {"aiohttp:web3", "aiohttp:web4"}
    assert after == {name: pid for name, pid in before.items() if name not in gone}
    assert lost == []
    assert made.ctl("update").strip() == ""
    assert made.fleet("render", "--check").returncode == 0
    assert made.fleet("status").returncode == 0
    assert "nothing to change" in made.fleet("scale", "2").stdout


@SHARED
def test_what_fails_is_undone(made: Site) -> None:
    """A new worker that cannot start: both files to the byte, all pids, no further process."""
    (made.place / "web_6.sock").write_text("precious")
    before = _state(made)
    done = made.fleet("scale", "6", "--timeout", "10")
    (made.place / "web_6.sock").unlink()
    assert done.returncode == 1
    assert "aiohttp:web6: it has ended" in done.stderr
    assert "web_6.sock: it exists and is not a socket" in done.stderr
    assert "everything is as it was" in done.stderr
    assert _state(made) == before
    assert made.ctl("update").strip() == ""


@SHOP
def test_an_undo_waits_for_the_new_workers_to_end(shop: Site) -> None:
    """web3, which was ready, takes two seconds to end; when scale returns it is gone."""
    (shop.place / "web_4.sock").write_text("precious")
    done = shop.fleet("scale", "4", "--timeout", "10")
    (shop.place / "web_4.sock").unlink()
    assert (done.returncode, "aiohttp:web4: it has ended" in done.stderr) == (1, True)
    assert {"aiohttp:web3", "aiohttp:web4"}.isdisjoint(_pids(shop))


@SHOP
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interruption_is_undone(shop: Site, number: signal.Signals) -> None:
    """Ctrl-C, or the end of the operator's connection, while a new worker starts."""
    before = _state(shop)
    log = shop.place / "deploy" / "run" / "web3.log"
    log.unlink(missing_ok=True)
    (shop.place / "hold").touch()
    command = [str(BIN / "fleet"), "--config", str(shop.supervisord_conf), "scale", "3"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as scaling:
        until("web3 to start", lambda: log.exists() and "start-up begins" in log.read_text())
        scaling.send_signal(number)
        _, said = scaling.communicate(timeout=30)
    (shop.place / "hold").unlink()
    assert (scaling.returncode, said) == (130, b"fleet: interrupted; everything is as it was\n")
    assert _state(shop) == before


@SHARED
def test_an_interrupted_drain_is_undone(made: Site) -> None:
    """Fewer workers, and Ctrl-C while one that goes still answers: it answers, then a new one is in its place."""
    pids, *files = _state(made)
    log = made.place / "deploy" / "run" / "web4.log"
    drains = log.read_text().count("draining")
    command = [str(BIN / "fleet"), "--config", str(made.supervisord_conf), "scale", "3"]
    with Client(made.place / "web_4.sock") as client:
        client.send(b"POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 8\r\n\r\nhalf")
        until("the request to arrive", lambda: query(str(made.place / "web_4.ctl")).in_flight)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as scaling:
            until("web4 to drain", lambda: log.read_text().count("draining") > drains)
            scaling.send_signal(signal.SIGINT)
            client.send(b"half")
            assert client.answer()[2] == b'{"size": 8}'
            _, said = scaling.communicate(timeout=30)
    assert (scaling.returncode, said) == (130, b"fleet: interrupted; everything is as it was\n")
    after, *files_after = _state(made)
    assert files_after == files
    assert [name for name, pid in pids.items() if after[name] != pid] == ["aiohttp:web4"]
    until("everything to be ready", made.is_ready)
    until("nginx to use web4 again", lambda: json.loads(get(made.port))["worker"] == "web4")


@SHARED
def test_it_is_refused_before_anything_changes(made: Site) -> None:
    """With changes that no one has applied, with files that disagree, with a nonsense number."""
    before = _state(made)
    edit(made.supervisord_conf, {"--drain=30": "--drain=20"})
    done = made.fleet("scale", "5")
    edit(made.supervisord_conf, {"--drain=20": "--drain=30"})
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "changes that supervisord has not loaded yet (aiohttp); supervisorctl update" in done.stderr
    edit(made.nginx_conf, {r" +server unix:.*web_3.*\n": ""})
    assert "fleet render --write" in made.fleet("scale", "5").stderr
    assert made.fleet("render", "--write").returncode == 0
    assert made.fleet("scale", "0").returncode == 2
    assert _state(made) == before


def test_it_is_refused_without_the_plugin(site: Make) -> None:
    """All workers would restart."""
    made = site()
    made.without_plugin()
    done = _without_processes(made).fleet("scale", "5")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "[rpcinterface:fleet]" in done.stderr


@SHARED
def test_both_files_are_tried_before_one_is_touched(made: Site) -> None:
    """An nginx.conf that nginx refuses."""
    edit(made.nginx_conf, {"least_conn;": "least_con;"})
    before = _state(made)
    done = made.fleet("scale", "5")
    after = _state(made)
    edit(made.nginx_conf, {"least_con;": "least_conn;"})
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f'nginx refuses it (unknown directive "least_con" in {made.nginx_conf}:' in done.stderr
    assert after == before
    assert not list(made.supervisord_conf.parent.glob(".*.conf.*")), "the trial files are gone"


def test_a_new_worker_on_the_standbys_socket_is_refused(site: Make) -> None:
    """It is found in the new supervisord.conf, before that is there."""
    made = site()
    for file in (made.nginx_conf, made.supervisord_conf):
        edit(file, {"web_standby": "web_5"})
    _without_processes(made)
    before = _state(made)
    done = made.fleet("scale", "5")
    assert (done.returncode, "aiohttp:web5 and standby are on one socket" in done.stderr) == (1, True)
    assert _state(made) == before
    assert not list(made.supervisord_conf.parent.glob(".*.conf.*")), "the trial files are gone"


def test_an_nginx_of_the_systems_is_left_to_the_operator(site: Make) -> None:
    """Without [program:nginx] its file is written, and the line says what is left to do."""
    made = site().with_workers(1)
    text = made.supervisord_conf.read_text()
    made.supervisord_conf.write_text(text[: text.index("\n[program:nginx]\n")])
    made.start()
    done = made.fleet("scale", "2")
    assert done.returncode == 0, done.stderr
    assert f"{made.nginx_conf}: written, 2 workers in its upstream; reload nginx: nginx -t" in done.stdout
    assert "web_2.sock" in made.nginx_conf.read_text()
