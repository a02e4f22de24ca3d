"""Tests of the text that ``fleet boot`` writes for systemd."""

import pwd
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.setup.boot_command import planned_files
from tests.place import PROJECT


@pytest.fixture(autouse=True)
def python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Python be outside of home directories, wherever the tests run."""
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")


def _fleet(root: str = "/srv/shop", sockets: str = "/tmp") -> Fleet:
    fleet, deploy = read_fleet(PROJECT / "deploy" / "supervisord.conf", "aiohttp"), Path(root) / "deploy"
    workers = tuple(replace(worker, sockets=(f"{sockets}/{worker.name}.sock",)) for worker in fleet.workers)
    conf = deploy / "supervisord.conf"
    return replace(fleet, supervisord_conf=conf, nginx_conf=deploy / "nginx.conf", workers=workers, standby=None)


def _lines(fleet: Fleet, user: str = "shop", name: str = "shop") -> set[str]:
    account = pwd.struct_passwd((user, "x", 1000, 1000, "", "/", "/bin/sh"))
    unit = planned_files(fleet, name, account, Path("/"))[Path(f"/etc/systemd/system/{name}.service")]
    return set(unit.splitlines())


@pytest.mark.parametrize(
    ("sockets", "lines"),
    [
        ("/tmp", {"PrivateTmp=no", "ReadWritePaths=/srv/shop /tmp /var/tmp", "RuntimeDirectory="}),
        ("/run/shop", {"PrivateTmp=yes", "ReadWritePaths=/srv/shop", "RuntimeDirectory=shop"}),
        ("/srv/shop/s", {"PrivateTmp=yes", "ReadWritePaths=/srv/shop"}),
        ("/var/lib/shop", {"PrivateTmp=yes", "ReadWritePaths=/srv/shop /var/lib/shop"}),
    ],
)
def test_what_depends_on_the_directory_of_the_sockets(sockets: str, lines: set[str]) -> None:
    """Whether /tmp is shared, what is writable, and what systemd creates before each start."""
    assert lines <= _lines(_fleet(sockets=sockets))


def test_a_project_in_a_home_can_be_read() -> None:
    """ProtectHome=yes would hide it from its own service."""
    assert "ProtectHome=yes" in _lines(_fleet())
    assert "ProtectHome=read-only" in _lines(_fleet("/home/shop"))


def test_root_may_become_the_workers_user() -> None:
    """With the capabilities, and with the system calls."""
    found = _lines(_fleet(), "root")
    assert "SystemCallFilter=@chown @setuid" in found and "AmbientCapabilities=" in found
    assert any(line.startswith("CapabilityBoundingSet=") and "CAP_SETUID" in line for line in found)


@pytest.mark.parametrize("name", ["a b", "../x", "", "-x", "x%i", "shop@"])
def test_a_name_that_would_need_quotes_is_refused(name: str) -> None:
    """Before anything is written."""
    with pytest.raises(FleetError, match="a service cannot have this name"):
        _lines(_fleet(), name=name)


def test_a_path_that_would_need_quotes_is_refused() -> None:
    """% begins a specifier of systemd, a blank ends the word."""
    for path in ("/srv/my shop", "/srv/100%"):
        with pytest.raises(FleetError, match="would need quotes"):
            _lines(_fleet(path))
