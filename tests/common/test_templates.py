"""Tests of aiohttp_fleet/common/templates.py: the wheel has every shipped file."""

import zipfile
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.templates import filled
from tests.place import PROJECT

FILES = PROJECT / "aiohttp_fleet" / "setup" / "files"


def test_the_wheel_has_every_file(wheel: Path) -> None:
    """Because they are in the package."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {f"aiohttp_fleet/setup/files/{file.relative_to(FILES)}" for file in FILES.rglob("*.*")} <= packed


def test_a_placeholder_without_a_value_is_an_error() -> None:
    """No file is written with one in it."""
    with pytest.raises(FleetError, match="there is no value for @BODY@"):
        filled("site.conf", {})
