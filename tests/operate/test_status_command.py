"""Tests of aiohttp_fleet/operate/status_command.py, on a real supervisord."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from aiohttp_fleet.operate.observe import Process
from aiohttp_fleet.operate.status_command import print_table
from aiohttp_fleet.supervision.control_client import Health
from tests.place import sandbox
from tests.site import Site, edit, started
from tests.wait import until

READY = pytest.mark.xdist_group("status_ready")
FAILING = pytest.mark.xdist_group("status_failing")
"""For the tests that share a fleet."""
Make = Callable[..., Site]


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    """Start a fleet for several tests."""
    with sandbox() as directory:
        made = Site(directory)
        with started(made):
            yield made


@pytest.fixture
def made(shared: Site) -> Iterator[Site]:
    """Give the test the fleet that all share; then everything is ready again."""
    yield shared
    until("everything to be ready again", shared.is_ready)


@pytest.fixture(scope="module")
def failing() -> Iterator[Site]:
    """Start a fleet whose web2 finds a file at its path, and whose web3 ends with red words; both are FATAL."""
    with sandbox() as directory:
        made = Site(directory, "tests.apps.faulty:create_red_web3")
        edit(made.supervisord_conf, {"startretries=3": "startretries=1"})
        (directory / "web_2.sock").write_text("precious")
        made.launch()
        try:
            until("two to be FATAL and all others to be ready", lambda: _failed(made) == (["web2", "web3"],) * 2, 30)
            yield made
        finally:
            made.stop()


def _failed(made: Site) -> tuple[list[str], list[str]]:
    """Return who is not ready, and who is FATAL."""
    rows = made.rows()
    return [row.name for row in rows if not row.ready], [row.name for row in rows if row.state == "FATAL"]


@READY
def test_all_ready(made: Site) -> None:
    """Each worker, the standby and nginx: state, pid, uptime, socket, ready; exit code 0."""
    done = made.fleet("status", "--json")
    status = json.loads(done.stdout)
    assert done.returncode == 0
    assert (status["ready"], status["template"]) == (True, {"shares": "application", "reason": ""})
    names = [row["name"] for row in status["processes"]]
    assert names == ["web1", "web2", "web3", "web4", "standby", "watchdog", "nginx"]
    web1 = status["processes"][0]
    assert web1["pid"] == made.pid("aiohttp:web1")
    assert web1["socket"] == f"{made.place}/web_1.sock"
    assert web1["uptime"] >= 0
    assert (web1["health"]["state"], web1["health"]["pid"], web1["health"]["forked"]) == ("ready", web1["pid"], True)
    table = made.fleet("status").stdout
    assert f"{made.place}/web_4.sock" in table
    assert f"127.0.0.1:{made.port}" in table
    assert "nginx 1." in table


@READY
def test_who_is_not_ready_is_reported_with_the_reason(made: Site) -> None:
    """A stopped worker, one whose socket does not answer any more, and a lost path."""
    made.ctl("stop", "aiohttp:web1")
    pid = made.pid("aiohttp:web2")
    os.kill(pid, signal.SIGSTOP)  # or it would bind its path again at once
    try:
        for name in ("web_2.ctl", "web_2.sock"):
            (made.place / name).unlink()
        (made.place / "web_2.sock").symlink_to(made.place / "web_3.sock")
        done = made.fleet("status", "--json")
    finally:
        (made.place / "web_2.sock").unlink(missing_ok=True)
        os.kill(pid, signal.SIGCONT)
        made.ctl("start", "aiohttp:web1")
    rows = {row["name"]: row for row in json.loads(done.stdout)["processes"]}
    assert done.returncode == 1
    assert rows["web1"]["state"] == "STOPPED"
    assert rows["web2"]["reason"] == f"its socket is served by pid {rows['web3']['pid']}"
    assert rows["web3"]["ready"] is True


@FAILING
def test_a_worker_that_cannot_start_shows_its_last_line_and_the_others_serve(failing: Site) -> None:
    """FATAL after its retries, with the reason in ``fleet status`` and in ``supervisorctl tail``."""
    done = failing.fleet("status", "--wait", "40", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)["processes"]}
    assert done.returncode == 1
    assert rows["web2"]["state"] == "FATAL"
    assert f"{failing.place}/web_2.sock: it exists and is not a socket; move it away" in rows["web2"]["reason"]
    assert rows["web2"]["reason"] in failing.ctl("tail", "aiohttp:web2")
    assert all(rows[name]["ready"] for name in ("web1", "web4", "standby"))
    assert (failing.place / "web_2.sock").read_text() == "precious"


@FAILING
def test_colours_in_a_log_do_not_reach_the_status(failing: Site) -> None:
    """The last words of a worker may be red; they are shown, without the control characters."""
    done = failing.fleet("status", "--json")
    given_up = next(row for row in json.loads(done.stdout)["processes"] if row["name"] == "web3")
    assert given_up["reason"] == "red failure"
    assert "red failure" in failing.fleet("status").stdout


def test_a_taken_port_is_reported_in_the_row_of_nginx(site: Make) -> None:
    """nginx gives up after 2.5 s; supervisord does not start it again."""
    made = site().with_workers(1)
    changes = {r"startsecs=1( .*\nstopsignal=QUIT)": r"startsecs=20\nstartretries=0\1"}  # for the slowest machine
    edit(made.supervisord_conf, changes)
    with socket.create_server(("127.0.0.1", made.port)):
        made.launch()
        done = made.fleet("status", "--wait", "25", "--json")
    nginx = json.loads(done.stdout)["processes"][-1]
    assert (done.returncode, nginx["state"], nginx["ready"]) == (1, "FATAL", False)
    assert f"bind() to 127.0.0.1:{made.port} failed (98: Address" in nginx["reason"]


def test_another_process_on_the_port_of_nginx_is_not_nginx(site: Make) -> None:
    """Whatever supervisord says of a process that has just been started."""
    made = site().with_workers(1)
    edit(made.supervisord_conf, {r"command=\S+ -m aiohttp_fleet\.nginx .*": f"command=tail -f {made.posts}"})
    with socket.create_server(("127.0.0.1", made.port)):
        made.launch()
        row = until(
            "nginx to run", lambda: [row for row in made.rows() if row.name == "nginx" and row.state == "RUNNING"]
        )
    assert (row[0].ready, f"pid {os.getpid()}" in row[0].reason) == (False, True)


def test_a_stopped_supervisord_is_one_line(site: Make) -> None:
    """Exit code 1, and the command that starts it; also when it was killed, and its socket is still there."""
    made = site()
    path = made.place / "deploy" / "run" / "supervisor.sock"
    said = f"fleet: {path}: supervisord is not running; start it"
    done = made.fleet("status")
    assert (done.returncode, done.stderr.count("\n"), done.stderr.startswith(said)) == (1, 1, True)
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(path))
    done = made.fleet("status")
    assert (done.returncode, done.stderr.count("\n"), done.stderr.startswith(said)) == (1, 1, True)


@READY
def test_a_worker_that_hangs_is_reported_and_costs_one_timeout(made: Site) -> None:
    """Two that are stopped are asked at the same time as the others."""
    made.ctl("stop", "watchdog")
    pids = [made.pid(name) for name in ("aiohttp:web1", "aiohttp:web3")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        done = made.fleet("status", "--json")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        made.ctl("start", "watchdog")
    rows = {row["name"]: row for row in json.loads(done.stdout)["processes"]}
    assert done.returncode == 1
    assert rows["web1"]["reason"] == rows["web3"]["reason"] == "its event loop is blocked, or it is stopped"
    assert rows["web2"]["ready"] is True
    assert rows["watchdog"]["reason"].startswith("stopped")


def test_a_worker_in_its_start_up_is_starting(site: Make) -> None:
    """Its control socket is there before its socket, and says so."""
    made = site("tests.apps.faulty:create_slow_start").with_workers(1)
    made.launch({**os.environ, "GATE": str(made.place / "go")})
    until("the control socket", (made.place / "web_1.ctl").exists)
    rows = {row["name"]: row for row in json.loads(made.fleet("status", "--json").stdout)["processes"]}
    assert (rows["web1"]["reason"], rows["web1"]["health"]["state"]) == ("starting", "starting")
    (made.place / "go").touch()
    assert made.fleet("status", "--wait", "30").returncode == 0


def test_a_worker_without_a_control_socket_is_tested_by_its_socket(site: Make) -> None:
    """The server of aiohttp's documented recipe is ready when it answers; the rest of its row is empty."""
    made = site().with_workers(1)
    edit(made.supervisord_conf, {r"-m aiohttp_fleet\.worker": "-m tests.apps.recipe"})
    made.start()
    rows = {row["name"]: row for row in json.loads(made.fleet("status", "--json").stdout)["processes"]}
    assert (rows["web1"]["ready"], rows["web1"]["health"]) == (True, None)
    made.ctl("stop", "aiohttp:web1")
    assert made.fleet("status").returncode == 1


def test_nothing_is_cut_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path and a reason can be copied whole."""
    monkeypatch.setenv("COLUMNS", "40")
    path, reason = f"/srv/{'long/' * 15}web_1.sock", "because " * 20
    print_table([Process("web1", "aiohttp:web1", "FATAL", 1234, 90061, path, False, reason)], "nginx 1.22.1")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["web1", "FATAL", "1234", "1d", "1:01:01", path, "not", "ready"]
    assert lines[2:] == [f"web1: {reason}", "nginx 1.22.1"]


def test_what_a_control_socket_says_is_in_the_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Memory in MB, requests since the start, requests in flight, lag in ms."""
    health = Health("ready", 42, "web1", "app.main", "0.1.0", True, 5.2, 0.0124, 1234, 3, 7, 1, 38_200_000)
    print_table([Process("web1", "aiohttp:web1", "RUNNING", 42, 5, "/tmp/web_1.sock", True, "", health)], None)
    row = capsys.readouterr().out.splitlines()[1]
    assert " ".join(row.split()) == "web1 RUNNING 42 0:00:05 38 MB 1234 3 12 ms /tmp/web_1.sock ready"
