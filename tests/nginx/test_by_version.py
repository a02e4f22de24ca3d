"""Tests of aiohttp_fleet/nginx/by_version.py."""

from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.by_version import install_by_version


@pytest.mark.parametrize(
    ("version", "taken"), [("1.22.1", []), ("1.27.4", ["since-1.27.4.conf"]), ("1.31.3", ["since-1.27.4.conf"])]
)
def test_only_what_the_version_knows_is_taken_up(place: Path, version: str, taken: list[str]) -> None:
    """What an earlier, newer nginx was given is taken away again."""
    (place / "since").mkdir()
    (place / "since" / "1.27.4.conf").write_text("keepalive_min_timeout 5s;\n")
    (place / "run").mkdir()
    install_by_version(place / "nginx.conf", "9.9.9")
    install_by_version(place / "nginx.conf", version)
    assert [file.name for file in (place / "run").iterdir()] == taken


def test_a_missing_run_directory_is_told(place: Path) -> None:
    """Not a traceback."""
    (place / "since").mkdir()
    (place / "since" / "1.27.4.conf").touch()
    with pytest.raises(FleetError, match="run: cannot be written"):
        install_by_version(place / "nginx.conf", "1.31.3")


def test_what_only_an_older_one_needs_is_taken_up_there(place: Path) -> None:
    """The path that it asks for is written out: nginx would look for it where it was started."""
    (place / "before").mkdir()
    (place / "before" / "1.27.4.conf").write_text('if (-f "run/closing") {\n')
    (place / "run").mkdir()
    install_by_version(place / "nginx.conf", "1.22.1")
    assert (place / "run" / "before-1.27.4.conf").read_text() == f'if (-f "{place}/run/closing") {{\n'
    install_by_version(place / "nginx.conf", "1.27.4")
    assert list((place / "run").iterdir()) == []


def test_what_a_killed_reload_has_left_is_taken_away(place: Path) -> None:
    """Or no client could keep its connection any more."""
    (place / "run").mkdir()
    (place / "run" / "closing").touch()
    install_by_version(place / "nginx.conf", "1.22.1")
    assert list((place / "run").iterdir()) == []


@pytest.mark.parametrize(("version", "taken"), [("1.22.1", "old"), ("1.25.1", "new"), ("1.31.3", "new")])
def test_of_what_changed_its_form_the_newest_known_is_taken(place: Path, version: str, taken: str) -> None:
    """How https listens; it is there again after a restart with another nginx."""
    (place / "run").mkdir()
    (place / "tls" / "listen").mkdir(parents=True)
    (place / "tls" / "listen" / "0.conf").write_text("old")
    (place / "tls" / "listen" / "1.25.1.conf").write_text("new")
    install_by_version(place / "nginx.conf", version)
    assert (place / "run" / "tls-listen.conf").read_text() == taken
