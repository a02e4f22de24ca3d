"""Tests of aiohttp_fleet/standby.py and config/standby_command.py."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.standby import resolve
from tests.control import query
from tests.place import PROJECT
from tests.site import Site, edit

Make = Callable[..., Site]
CONF = PROJECT / "deploy" / "supervisord.conf"


def _conf(place: Path, text: str) -> Path:
    (place / "supervisord.conf").write_text(text)
    (place / "run").mkdir()
    return place / "supervisord.conf"


def test_the_standby_of_the_shipped_file_is_a_worker_with_its_own_socket() -> None:
    """Command, directory, environment and drain are the workers'; the number is 0."""
    fleet = read_fleet(CONF, "aiohttp")
    first, standby = fleet.workers[0], fleet.standby
    assert standby is not None
    assert [word for word in first.argv if not word.startswith("--path")] == list(standby.argv[:-1])
    assert standby.argv[-1] == "--path=/tmp/web_standby.sock"
    assert (standby.sockets, standby.control) == (("/tmp/web_standby.sock",), "/tmp/web_standby.ctl")
    assert (standby.command, standby.directory, standby.drain) == (first.command, first.directory, first.drain)
    assert standby.environment == {**first.environment, "WORKER_NUMBER": "0"}


def test_what_tells_the_workers_apart_is_not_the_standbys(place: Path) -> None:
    """Variables in which they differ, a control socket; a variable of its own section wins."""
    text = (
        CONF.read_text()
        .replace('PYTHONUNBUFFERED="1",', 'A="1",B="workers",SHARD="%(process_num)s",')
        .replace("--drain=30", "--control=/tmp/c%(process_num)s --drain 25 --log-format='a b'")
    )
    text = text.replace("priority=200", 'environment=B="standby"\npriority=200')
    standby = read_fleet(_conf(place, text), "aiohttp").standby
    assert standby is not None
    assert standby.environment == {"A": "1", "B": "standby", "WORKER_NUMBER": "0"}
    assert not [word for word in standby.argv if "/tmp/c" in word]
    assert "--log-format=a b" in standby.argv
    assert standby.drain == 25


def test_the_process_gets_what_the_file_says_now() -> None:
    """Variables of supervisord stay, those of the workers are added."""
    standby, environ = resolve([str(CONF), "--path=/tmp/other.sock"], {"PATH": "/bin", "WORKER_NUMBER": "7"})
    assert standby.argv[-1] == "--path=/tmp/other.sock", "of the command that is running, not of the file"
    assert (environ["PATH"], environ["WORKER_NUMBER"], environ["PYTHONUNBUFFERED"]) == ("/bin", "0", "1")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [([str(CONF)], "--path"), (["/nowhere", "--path=x"], "/nowhere"), ([str(CONF), "--path=x", "--program=y"], "y")],
)
def test_mistakes_are_one_line(arguments: list[str], reason: str) -> None:
    """Exit code 1, in the log of the standby."""
    with pytest.raises(FleetError):
        resolve(arguments, {})
    command = [sys.executable, "-m", "aiohttp_fleet.standby", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n"), reason in done.stderr) == (1, 1, True), done.stderr


@pytest.mark.parametrize("plugin", [True, False])
def test_it_is_forked_where_the_workers_are(site: Make, plugin: bool) -> None:
    """With the plugin by a fork, without it by exec; the same application serves on its socket."""
    made = site()
    if not plugin:
        made.without_plugin()
    made.with_workers(1).start()
    worker, standby = query(f"{made.place}/web_1.ctl"), query(f"{made.place}/web_standby.ctl")
    assert (standby.forked, standby.app, standby.name) == (plugin, worker.app, "standby")
    assert "executed, not forked" not in made.evidence()


def test_a_file_that_has_become_wrong_leaves_a_running_standby_alone(site: Make) -> None:
    """Only its restart would read it; where workers are executed, a preflight comes before that of a worker."""
    made = site()
    made.without_plugin()
    made.with_workers(1).start()
    before = made.pid("standby")
    edit(made.supervisord_conf, {r"-m aiohttp_fleet\.worker \S+": "-m aiohttp_fleet.worker nothing:here"})
    done = made.fleet("restart")
    assert (done.returncode, made.pid("standby")) == (1, before)
    os.kill(before, 0)
