"""Tests of aiohttp_fleet/common/templates.py: the wheel has every shipped file."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.templates import filled
from tests.place import PROJECT

FILES = PROJECT / "aiohttp_fleet" / "setup" / "files"


def test_the_wheel_has_every_file(place: Path) -> None:
    """Because they are in the package."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(place), str(PROJECT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    packed = set(zipfile.ZipFile(next(place.glob("*.whl"))).namelist())
    assert {f"aiohttp_fleet/setup/files/{file.relative_to(FILES)}" for file in FILES.rglob("*.*")} <= packed


def test_a_placeholder_without_a_value_is_an_error() -> None:
    """No file is written with one in it."""
    with pytest.raises(FleetError, match="there is no value for @BODY@"):
        filled("site.conf", {})
