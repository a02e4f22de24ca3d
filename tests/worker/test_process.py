"""Tests of aiohttp_fleet/worker/process.py, on real processes."""

import json
import os
import pwd
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http import Client, get
from tests.place import PROJECT, ROOT, USER
from tests.site import Site
from tests.worker_process import WORK, WorkerProcess, user_of

Start = Callable[..., WorkerProcess]


@pytest.mark.skipif(not ROOT or USER == "root", reason="only root can change its user")
def test_root_becomes_the_unprivileged_user_before_the_application_runs(worker: Start) -> None:
    """The process, its socket, HOME and USER are those of the user nobody."""
    started = worker().ready()
    assert user_of(started.process.pid) == started.path.owner() == "nobody"
    assert json.loads(get(started.path))["home"] == pwd.getpwnam("nobody").pw_dir
    groups = re.search(r"Groups:\s*(.*)", Path(f"/proc/{started.process.pid}/status").read_text())
    assert groups is not None
    assert set(map(int, groups[1].split())) == set(os.getgrouplist("nobody", pwd.getpwnam("nobody").pw_gid))


@pytest.mark.skipif(not ROOT or USER == "root", reason="only root can change its user")
def test_a_directory_out_of_reach_is_one_line(worker: Start, place: Path) -> None:
    """One above it lets only root in."""
    (place / "closed").mkdir(mode=0o700)
    started = worker(WORK, f"--path={place}/closed/run/web.sock")
    assert started.exit_code() == 1
    assert started.log.count("\n") == 1
    assert f"{place}/closed/run: uid {pwd.getpwnam('nobody').pw_uid} may not enter a directory above it" in started.log


@pytest.mark.skipif(not ROOT, reason="only root can change its user")
def test_an_unknown_user_is_refused(worker: Start) -> None:
    """Never silently as root."""
    started = worker(WORK, "--user=no-such-user")
    assert started.exit_code() == 1
    assert "--user no-such-user: there is no such user" in started.log


def test_the_file_limit_is_raised_to_what_the_machine_allows(worker: Start) -> None:
    """1024 open files, the usual limit, are fewer clients than a worker can serve."""
    started = worker().ready()
    found = re.search(r"Max open files\s+(\d+)\s+(\d+)", Path(f"/proc/{started.process.pid}/limits").read_text())
    assert found is not None
    assert found[1] == found[2]


def test_ps_and_top_name_the_worker(worker: Start) -> None:
    """Its name in supervisord, then its command line."""
    named = worker(WORK, SUPERVISOR_PROCESS_NAME="web7").ready()
    words = Path(f"/proc/{named.process.pid}/cmdline").read_bytes().rstrip(b"\0")
    name = Path(f"/proc/{named.process.pid}/comm").read_text().strip()
    assert words.startswith(f"web7: python -m aiohttp_fleet.worker {WORK} --path={named.path}".encode())
    assert name == "web7"


def test_fleet_does_not_import_aiohttp() -> None:
    """The checks of "fleet init" use this module; aiohttp would add a third to the start of each command."""
    program = "import sys, aiohttp_fleet.cli; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


def test_workers_answer_while_they_print_and_supervisord_is_stopped(site: Callable[..., Site]) -> None:
    """It reads nothing then: 500 kB have room in the pipe, and 64 kB, the default, would block the event loop."""
    made = site().with_workers(2).start()
    made.supervisord.send_signal(signal.SIGSTOP)
    try:
        for number in (1, 2):
            with Client(made.place / f"web_{number}.sock") as client:
                client.send(b"GET /print?bytes=500000 HTTP/1.1\r\nHost: test\r\n\r\n")
                assert client.answer()[0] == 200
                assert client.get()[0] == 200
    finally:
        made.supervisord.send_signal(signal.SIGCONT)
