"""Tests of aiohttp_fleet/watchdog/main.py: supervisord.conf, read again when it has changed."""

import os
import shutil
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.watchdog.main import WatchedConfig
from aiohttp_fleet.watchdog.notify import Notifier
from tests.place import PROJECT


@pytest.fixture
def file(place: Path) -> Path:
    """Copy the shipped file."""
    (place / "run").mkdir()
    return Path(shutil.copy(PROJECT / "deploy" / "supervisord.conf", place))


def _change(file: Path, old: str, new: str) -> None:
    stamp = file.stat().st_mtime_ns
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(stamp, stamp + 1))  # however coarse the clock of the file system is


def test_a_fleet_that_was_scaled_is_seen_whole(file: Path) -> None:
    """The file is read again when it has changed, and only then."""
    conf = WatchedConfig(file, "aiohttp", Notifier("aiohttp"))
    before = conf.fleet()
    assert conf.fleet() is before
    _change(file, "numprocs=4 ", "numprocs=6 ")
    assert [worker.name for worker in conf.fleet().workers] == [f"web{number}" for number in range(1, 7)]


def test_a_file_with_a_mistake_leaves_the_fleet_as_it_was(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It is reported once, and so is that it was fixed."""
    conf = WatchedConfig(file, "aiohttp", Notifier("aiohttp"))
    before = conf.fleet()
    _change(file, "numprocs=4 ", "numprocs=four ")
    assert [conf.fleet(), conf.fleet()] == [before, before]
    _change(file, "numprocs=four ", "numprocs=4 ")
    assert conf.fleet() == before
    lines = [line.partition(": ")[2] for line in capfd.readouterr().err.splitlines()]
    assert len(lines) == 2
    assert lines[0].startswith("supervisord.conf: ")
    assert "four" in lines[0]
    assert lines[1] == "supervisord.conf: it works again"


def test_a_file_that_is_wrong_from_the_beginning_is_refused(place: Path) -> None:
    """There is nothing to watch."""
    with pytest.raises(FleetError):
        WatchedConfig(place / "supervisord.conf", "aiohttp", Notifier("aiohttp"))
