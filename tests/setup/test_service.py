"""Tests of aiohttp_fleet/setup/service.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.setup.service import Service, planned_files

ROOT = Path("/srv/shop")
SHOP = Service(
    name="shop",
    root=ROOT,
    conf=ROOT / "deploy" / "supervisord.conf",
    bin=ROOT / ".venv" / "bin",
    user="shop",
    group="www",
    stop=195,
    sockets=(Path("/tmp"),),
    privileged=False,
    in_home=False,
    access_log=ROOT / "deploy" / "run" / "access.log",
    nginx_pid=ROOT / "deploy" / "run" / "nginx.pid",
)


def _lines(service: Service) -> set[str]:
    unit = planned_files(service, Path("/"))[Path(f"/etc/systemd/system/{service.name}.service")]
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
    assert lines <= _lines(replace(SHOP, sockets=(Path(sockets),)))


def test_a_project_in_a_home_can_be_read() -> None:
    """ProtectHome=yes would hide it from its own service."""
    assert "ProtectHome=yes" in _lines(SHOP)
    assert "ProtectHome=read-only" in _lines(replace(SHOP, in_home=True))


def test_root_may_become_the_workers_user() -> None:
    """With the capabilities, and with the system calls."""
    found = _lines(replace(SHOP, user="root", privileged=True))
    assert "SystemCallFilter=@chown @setuid" in found and "AmbientCapabilities=" in found
    assert any(line.startswith("CapabilityBoundingSet=") and "CAP_NET_BIND_SERVICE" in line for line in found)


@pytest.mark.parametrize("name", ["a b", "../x", "", "-x", "x%i", "shop@"])
def test_a_name_that_would_need_quotes_is_refused(name: str) -> None:
    """Before anything is written."""
    with pytest.raises(FleetError, match="a service cannot have this name"):
        planned_files(replace(SHOP, name=name), Path("/"))


def test_a_path_that_would_need_quotes_is_refused() -> None:
    """% begins a specifier of systemd, a blank ends the word."""
    for path in ("/srv/my shop", "/srv/100%"):
        with pytest.raises(FleetError, match="would need quotes"):
            _lines(replace(SHOP, root=Path(path)))
