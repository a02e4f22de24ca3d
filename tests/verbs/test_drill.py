"""Tests of aiohttp_fleet/verbs/drill.py: a short drill, whole."""

import json
import os
import subprocess
from pathlib import Path

from aiohttp_fleet.drill.ground import processes
from tests.place import PROJECT, USER
from tests.site import BIN

CONF = PROJECT / "deploy" / "supervisord.conf"


def _drill(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it with the test's place as the directory for temporary files."""
    command = [str(BIN / "fleet"), "--config", str(CONF), "drill", *arguments]
    environ = {**os.environ, "TMPDIR": str(place)}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, env=environ)


def test_a_short_drill_loses_nothing_and_leaves_nothing(place: Path) -> None:
    """Restarts, a killed worker, deleted sockets and a rival; each row has what it cost."""
    names = ("restart-all", "kill-worker", "unlink", "second")
    done = _drill(place, *names, "--clients", "16", "--rate", "400", f"--user={USER}", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is True
    rows = {row["name"]: row for row in report["faults"]}
    assert set(rows) == set(names)
    assert all(row["requests"] > 100 for row in rows.values())
    assert [rows[name]["lost"] for name in names if name != "kill-worker"] == [0, 0, 0]
    assert list(place.iterdir()) == []
    assert processes(place) == []


def test_the_faults_are_listed(place: Path) -> None:
    """Each with a sentence; nothing is started."""
    done = _drill(place, "--list")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 21
    assert lines[1].split(maxsplit=1) == ["restart-all", "Restart all workers at once."]


def test_an_unknown_fault_is_wrong_usage(place: Path) -> None:
    """Exit code 2, one line."""
    done = _drill(place, "earthquake")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
