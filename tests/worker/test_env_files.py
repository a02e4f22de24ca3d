"""Tests of aiohttp_fleet/worker/env_files.py."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.http import get
from tests.place import PROJECT, USER
from tests.site import Site, edit
from tests.wait import until
from tests.worker_process import WorkerProcess

Start = Callable[..., WorkerProcess]
SHOWN = "tests.apps.environment:create_app"


@pytest.fixture
def file(place: Path) -> Path:
    """Give the test a file with secrets, which its owner alone may read."""
    made = place / "shop.env"
    made.touch(0o600)
    return made


def refused(file: Path) -> str:
    """Run a preflight that must fail, and return its last line."""
    command = [sys.executable, "-m", "aiohttp_fleet.worker", SHOWN, "--path=/tmp/none.sock", f"--user={USER}"]
    done = subprocess.run(
        [*command, f"--env-file={file}", "--preflight"], cwd=PROJECT, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_the_application_has_the_variables_of_the_file(worker: Start, file: Path) -> None:
    """As python-dotenv reads them; they override the environment, and a later file an earlier one."""
    file.write_text("# shop\nexport URL='postgres://u:p@db/$shop'\nTWO=\"a\\nb\"\nWAS=new\nLOG=${URL}.log\nPOSSIBLE\n")
    later = file.with_name("later.env")
    later.touch(0o600)
    later.write_text("TWO=2\n")
    started = worker(SHOWN, f"--env-file={file}", f"--env-file={later}", WAS="old", POSSIBLE="kept").ready()
    environ = json.loads(get(started.path))["environ"]
    assert environ["URL"] == "postgres://u:p@db/$shop"
    assert environ["LOG"] == "postgres://u:p@db/$shop.log"
    assert (environ["TWO"], environ["WAS"], environ["POSSIBLE"]) == ("2", "new", "kept")


def test_a_restart_loads_the_changed_file(site: Callable[..., Site], file: Path) -> None:
    """supervisord never has the variables. Each worker has its number, the standby 0."""
    file.write_text("COLOUR=red\nNAME=${SUPERVISOR_PROCESS_NAME}-${WORKER_NUMBER}\n")
    made = site(SHOWN)
    edit(made.supervisord_conf, {"numprocs=4 ": "numprocs=2 ", " --drain=30 ": f" --drain=30 --env-file={file} "})
    made.start()

    def seen(socket: str) -> tuple[str, str]:
        environ = json.loads(get(made.place / socket))["environ"]
        return environ["COLOUR"], environ["NAME"]

    assert [seen(f"web_{name}.sock") for name in ("1", "2", "standby")] == [
        ("red", "web1-1"), ("red", "web2-2"), ("red", "standby-0")
    ]  # fmt: skip
    assert b"COLOUR" not in Path(f"/proc/{made.pid('aiohttp:web1')}/environ").read_bytes()
    file.write_text("COLOUR=blue\nNAME=${SUPERVISOR_PROCESS_NAME}-${WORKER_NUMBER}\n")
    made.ctl("restart", "aiohttp:*")
    until("the new colour", lambda: seen("web_1.sock") == ("blue", "web1-1"))
    file.chmod(0o644)
    done = made.fleet("restart")
    assert done.returncode == 1
    assert f"{file}: every user of this machine may read or change it (mode 644); chmod o= {file}" in (done.stderr)
    assert seen("web_1.sock") == ("blue", "web1-1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has files that the workers' user may not read")
def test_the_file_may_be_readable_by_root_only(worker: Start, file: Path) -> None:
    """It is read before the worker becomes --user, who cannot read it."""
    file.write_text("SECRET=7\n")
    started = worker(SHOWN, f"--env-file={file}").ready()
    assert json.loads(get(started.path))["environ"]["SECRET"] == "7"


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_a_file_that_others_may_read_or_change_is_refused(file: Path, mode: int) -> None:
    """The group is the operator's choice."""
    file.chmod(mode)
    assert f"(mode {mode:o}); chmod o= {file}" in refused(file)


@pytest.mark.parametrize("name", ["PYTHONPATH", "LD_PRELOAD", "LANG", "SSL_CERT_FILE", "OPENSSL_CONF"])
def test_a_variable_that_is_read_before_the_file_is_refused(file: Path, name: str) -> None:
    """It would have no effect."""
    file.write_text(f"A=1\n{name}=x\n")
    assert f"{file}: {name} is read when an interpreter starts, before this file is; write it into environment=" in (
        refused(file)
    )


@pytest.mark.parametrize("line", ["three words here", "SECRET='7", "=7", "A=7\0", "'A=7'=c"])
def test_a_line_that_is_no_assignment_is_refused(file: Path, line: str) -> None:
    """The message has its number, and not its text, which may be a secret."""
    file.write_text(f"A=1\n  \n{line}\n")
    message = refused(file)
    assert f"{file}, line 3: the line is not NAME=VALUE" in message
    assert "7" not in message.partition(": ")[2].replace(str(file), "")


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_a_missing_file_is_refused(place: Path, make: Callable[[Path], None]) -> None:
    """So is a directory."""
    make(place / "not.env")
    assert f"{place}/not.env: cannot be read (" in refused(place / "not.env")


def test_a_name_that_only_begins_like_an_early_one_is_accepted(worker: Start, file: Path) -> None:
    """LANGCHAIN_API_KEY is not LANG."""
    file.write_text("LANGCHAIN_API_KEY=k\n")
    started = worker(SHOWN, f"--env-file={file}").ready()
    assert json.loads(get(started.path))["environ"]["LANGCHAIN_API_KEY"] == "k"
