"""Tests of drill/aiohttp_fleet_drill/command.py: a short drill, whole."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from aiohttp_fleet_drill.sandbox import processes

from tests.forked import run
from tests.place import PROJECT, USER, sandbox
from tests.site import BIN, shorten_waits
from tests.wait import until

CONF = PROJECT / "deploy" / "supervisord.conf"


def _drill(place: Path, *arguments: str, conf: Path = CONF) -> subprocess.CompletedProcess[str]:
    """Run it with the test's directory as the directory for temporary files."""
    environ = {**os.environ, "TMPDIR": str(place)}
    return run("fleet", "--config", str(conf), "drill", *arguments, environ=environ, timeout=200)


@pytest.fixture(scope="module")
def conf() -> Iterator[Path]:
    """Copy the shipped files, with shorter waits."""
    with sandbox() as directory:
        deploy = copytree(CONF.parent, directory / "deploy", ignore=ignore_patterns("run", "tls"))
        (deploy / "run").mkdir()
        shorten_waits(deploy)
        yield deploy / CONF.name


def test_in_a_short_drill_no_request_fails_and_nothing_is_left(place: Path, conf: Path) -> None:
    """Restarts, killed workers and a second supervisord; each row has what it cost."""
    names = ("restart-all", "kill-worker", "second")
    load = ("--clients", "16", "--rate", "400", f"--user={USER}")
    done = _drill(place, *names, *load, "--json", conf=conf)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is True
    rows = {row["name"]: row for row in report["faults"]}
    assert set(rows) == set(names)
    assert all(row["requests"] > 100 for row in rows.values())
    assert [rows[name]["failed"] for name in names if name != "kill-worker"] == [0, 0]
    assert [row["repeated"] for row in rows.values()] == [0, 0, 0]
    assert list(place.iterdir()) == []
    assert processes(place) == []


def test_deleted_sockets_cost_a_fresh_fleet_nothing(place: Path, conf: Path) -> None:
    """Alone, because workers that were restarted one after the other do not lose their sockets at the same moment."""
    done = _drill(place, "unlink", "--clients", "16", "--rate", "400", f"--user={USER}", "--json", conf=conf)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["failed"] for row in json.loads(done.stdout)["faults"]] == [0]


def test_ctrl_c_leaves_nothing(place: Path, conf: Path) -> None:
    """In the middle of a fault that has killed supervisord: no process, no file; exit code 130."""
    command = [str(BIN / "fleet"), "--config", str(conf), "drill", "kill-supervisord", f"--user={USER}"]
    environ = {**os.environ, "TMPDIR": str(place)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ, process_group=0) as drilling:
        until("the load", lambda: "aiohttp_fleet_drill.load" in _children(drilling.pid), 60)
        os.killpg(drilling.pid, signal.SIGINT)
        stderr = drilling.communicate(timeout=60)[1]
    assert (drilling.returncode, stderr.strip()) == (130, "fleet: interrupted")
    assert list(place.iterdir()) == []
    assert processes(place) == []


def _children(pid: int) -> str:
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return " ".join(Path(f"/proc/{child}/cmdline").read_text() for child in pids)


def test_the_faults_are_listed(place: Path) -> None:
    """Each with a sentence; nothing is started."""
    done = _drill(place, "--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 23
    assert lines[1].split(maxsplit=1) == ["restart-all", "Restart all workers at once."]


def test_what_is_for_a_running_fleet_needs_live(place: Path) -> None:
    """A path of an application that the copy does not have is wrong usage."""
    done = _drill(place, "--get", "/health")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_an_unknown_fault_is_wrong_usage(place: Path) -> None:
    """Exit code 2, one line."""
    done = _drill(place, "earthquake")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
