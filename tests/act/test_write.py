"""Tests of aiohttp_fleet/act/write.py."""

import os
from pathlib import Path

import pytest

from aiohttp_fleet.act.write import replace
from aiohttp_fleet.errors import FleetError


def test_mode_and_link_stay(tmp_path: Path) -> None:
    """The file behind a link is replaced, with the mode it had."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    replace(link, "new")
    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o640)
    assert sorted(tmp_path.iterdir()) == [file, link]


def test_a_missing_file_is_told_and_not_made(tmp_path: Path) -> None:
    """Replacing is not creating."""
    with pytest.raises(FleetError, match=r"cannot be written \(No such file or directory\)"):
        replace(tmp_path / "missing", "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_writable_is_told(tmp_path: Path) -> None:
    """The old file stays as it was."""
    file = tmp_path / "file"
    file.write_text("old")
    tmp_path.chmod(0o500)
    with pytest.raises(FleetError, match="cannot be written"):
        replace(file, "new")
    tmp_path.chmod(0o700)
    assert file.read_text() == "old"
