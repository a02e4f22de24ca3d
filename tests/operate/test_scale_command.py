"""Tests of aiohttp_fleet/operate/scale_command.py, on a real fleet."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp_fleet_drill.tally import Failure

from tests.http import get
from tests.load import answered_more, load
from tests.place import PROJECT
from tests.site import BIN, Site, edit
from tests.wait import until

Make = Callable[..., Site]


def _pids(made: Site) -> dict[str, int]:
    return {line.split()[0]: made.pid(line.split()[0]) for line in made.ctl("status").splitlines()}


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


LEAVING = """
import asyncio
from tests.apps.work import create_app as build

async def end(app):
    await asyncio.sleep(2)

def create_app():
    app = build()
    app.on_cleanup.append(end)
    return app
"""


def test_an_undo_waits_for_the_new_workers_to_end(site: Make, place: Path) -> None:
    """web4, which was ready, takes two seconds to end; when scale returns it is gone."""
    (place / "shop.py").write_text(LEAVING)
    made = site("shop:create_app")
    edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={place}"})
    made.with_workers(3).start()
    (place / "web_5.sock").write_text("precious")
    done = made.fleet("scale", "5", "--timeout", "10")
    assert (done.returncode, "aiohttp:web5: it has ended" in done.stderr) == (1, True)
    assert {"aiohttp:web4", "aiohttp:web5"}.isdisjoint(_pids(made))


SLOW = """
import asyncio, os
from tests.apps.work import create_app as build

async def begin(app):
    print("start-up begins", flush=True)
    await asyncio.sleep(60 if os.environ["SUPERVISOR_PROCESS_NAME"] == "web3" else 0)

def create_app():
    app = build()
    app.on_startup.append(begin)
    return app
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interruption_is_undone(site: Make, place: Path, number: signal.Signals) -> None:
    """Ctrl-C, or the end of the operator's connection, while a new worker starts."""
    (place / "shop.py").write_text(SLOW)
    made = site("shop:create_app")
    edit(made.supervisord_conf, {f"directory={PROJECT}": f"directory={place}"})
    made.with_workers(2).start()
    before = _pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()
    log = place / "deploy" / "run" / "web3.log"
    command = [str(BIN / "fleet"), "--config", str(made.supervisord_conf), "scale", "3"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as scaling:
        until("web3 to start", lambda: log.exists() and "start-up begins" in log.read_text())
        scaling.send_signal(number)
        _, said = scaling.communicate(timeout=30)
    assert (scaling.returncode, said) == (130, b"fleet: interrupted; everything is as it was\n")
    assert (_pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()) == before


def test_an_interrupted_drain_is_undone(site: Make, place: Path) -> None:
    """Fewer workers, and Ctrl-C while one that goes still answers: it answers, then a new one is in its place."""
    made = site().start()
    before = _pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()
    log = place / "deploy" / "run" / "web4.log"
    slow = ["curl", "-s", "--unix-socket", str(place / "web_4.sock"), "http://x/slow?seconds=3"]
    command = [str(BIN / "fleet"), "--config", str(made.supervisord_conf), "scale", "3"]
    with subprocess.Popen(slow, stdout=subprocess.PIPE) as client:
        until("the request to arrive", lambda: "slow begins" in log.read_text())
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as scaling:
            until("web4 to drain", lambda: "draining" in log.read_text())
            scaling.send_signal(signal.SIGINT)
            _, said = scaling.communicate(timeout=30)
        answered, _ = client.communicate(timeout=10)
    assert (scaling.returncode, said, answered) == (130, b"fleet: interrupted; everything is as it was\n", b"slept 3")
    pids, *files = _pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()
    assert files == list(before[1:])
    assert [name for name, pid in before[0].items() if pids[name] != pid] == ["aiohttp:web4"]
    assert made.fleet("status").returncode == 0
    until("nginx to use web4 again", lambda: json.loads(get(made.port))["worker"] == "web4")


def test_it_is_refused_before_anything_changes(site: Make) -> None:
    """Without the plugin, with changes that no one has applied, with files that disagree, with a nonsense number."""
    made = site().start()
    edit(made.supervisord_conf, {"--drain=30": "--drain=20"})
    done = made.fleet("scale", "5")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "changes that supervisord has not loaded yet (aiohttp); supervisorctl update" in done.stderr
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


def test_both_files_are_tried_before_one_is_touched(site: Make) -> None:
    """An nginx.conf that nginx refuses, and new workers whose sockets would be the standby's."""
    made = site().start()
    edit(made.nginx_conf, {"least_conn;": "least_con;"})
    before = _pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()
    done = made.fleet("scale", "5")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f'nginx refuses it (unknown directive "least_con" in {made.nginx_conf}:' in done.stderr
    assert (_pids(made), made.supervisord_conf.read_bytes(), made.nginx_conf.read_bytes()) == before
    edit(made.nginx_conf, {"least_con;": "least_conn;"})
    edit(made.nginx_conf, {"web_standby": "web_5"})
    edit(made.supervisord_conf, {"web_standby": "web_5"})
    made.ctl("update")
    done = made.fleet("scale", "5")
    assert "aiohttp:web5 and standby are on one socket" in done.stderr
    assert not list(made.supervisord_conf.parent.glob(".*.conf.*")), "the trial files are gone"


def test_an_nginx_of_the_systems_is_left_to_the_operator(site: Make) -> None:
    """Without [program:nginx] its file is written, and the line says what is left to do."""
    made = site()
    text = made.supervisord_conf.read_text()
    made.supervisord_conf.write_text(text[: text.index("\n[program:nginx]\n")])
    made.start()
    done = made.fleet("scale", "5")
    assert done.returncode == 0, done.stderr
    assert f"{made.nginx_conf}: written, 5 workers in its upstream; reload nginx: nginx -t" in done.stdout
    assert "web_5.sock" in made.nginx_conf.read_text()
