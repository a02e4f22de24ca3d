"""Tests of aiohttp_fleet/setup/unit_text.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.setup.service import Service
from aiohttp_fleet.setup.templates import LOGROTATE, SERVICE, boot_templates
from aiohttp_fleet.setup.unit_text import logrotate_text, require_name, service_text

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
    homely=False,
    access_log=ROOT / "deploy" / "run" / "access.log",
    nginx_pid=ROOT / "deploy" / "run" / "nginx.pid",
)


def _lines(service: Service) -> set[str]:
    return set(service_text(service, boot_templates()[SERVICE]).splitlines())


def test_the_shipped_unit_is_what_would_be_written_for_the_place_it_names() -> None:
    """So that it can be read as it is: there is no second form of it."""
    root = Path("/srv/aiohttp")
    shipped = replace(
        SHOP, name="aiohttp", root=root, conf=root / "deploy" / "supervisord.conf", bin=root / ".venv" / "bin",
        user="aiohttp", group="aiohttp", access_log=root / "deploy" / "run" / "access.log",
        nginx_pid=root / "deploy" / "run" / "nginx.pid",
    )  # fmt: skip
    assert service_text(shipped, boot_templates()[SERVICE]) == boot_templates()[SERVICE]
    assert logrotate_text(shipped, boot_templates()[LOGROTATE]) == boot_templates()[LOGROTATE]


@pytest.mark.parametrize(
    ("sockets", "lines"),
    [
        ("/tmp", {"PrivateTmp=no", "ReadWritePaths=/srv/shop /tmp /var/tmp", "# RuntimeDirectory=shop"}),
        ("/run/shop", {"PrivateTmp=yes", "ReadWritePaths=/srv/shop", "RuntimeDirectory=shop"}),
        ("/srv/shop/s", {"PrivateTmp=yes", "ReadWritePaths=/srv/shop"}),
        ("/var/lib/shop", {"PrivateTmp=yes", "ReadWritePaths=/srv/shop /var/lib/shop"}),
    ],
)
def test_what_the_place_of_the_sockets_decides(sockets: str, lines: set[str]) -> None:
    """Whether /tmp is shared, what is writable, and what systemd makes before each start."""
    assert lines <= _lines(replace(SHOP, sockets=(Path(sockets),)))


def test_a_project_in_a_home_can_be_read() -> None:
    """ProtectHome=yes would hide it from its own service."""
    assert "ProtectHome=yes" in _lines(SHOP)
    assert "ProtectHome=read-only" in _lines(replace(SHOP, homely=True))


def test_root_may_become_the_workers_user() -> None:
    """With the capabilities, and with the system calls."""
    found = _lines(replace(SHOP, user="root", privileged=True))
    assert "SystemCallFilter=@chown @setuid" in found and "AmbientCapabilities=" in found
    assert any(line.startswith("CapabilityBoundingSet=") and "CAP_NET_BIND_SERVICE" in line for line in found)


@pytest.mark.parametrize("name", ["a b", "../x", "", "-x", "x%i", "shop@"])
def test_a_name_that_systemd_would_read_otherwise_is_refused(name: str) -> None:
    """Before anything is written."""
    with pytest.raises(FleetError, match="a service cannot be called so"):
        require_name(name)


def test_a_path_that_would_need_quotes_is_refused() -> None:
    """% is a specifier of systemd's, a blank ends the word."""
    for path in ("/srv/my shop", "/srv/100%"):
        with pytest.raises(FleetError, match="would need quotes"):
            _lines(replace(SHOP, root=Path(path)))
