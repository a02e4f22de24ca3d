"""Tests of aiohttp_fleet/common/write_files.py."""

import os
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.write_files import replace_file, write_file


def test_mode_and_link_stay(place: Path) -> None:
    """The file behind a link is replaced, with the mode it had."""
    file, link = place / "file", place / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    replace_file(link, "new")
    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o640)
    assert sorted(place.iterdir()) == [file, link]


def test_a_reader_sees_the_old_text_or_the_new_one(place: Path) -> None:
    """A reader that has the file open goes on reading the old text; a new reader gets all of the new one."""
    file = place / "file"
    file.write_text("old")
    with file.open() as reader:
        replace_file(file, "new and longer")
        assert (reader.read(), file.read_text()) == ("old", "new and longer")


def test_a_missing_file_is_told_and_not_made(place: Path) -> None:
    """Replacing is not creating."""
    with pytest.raises(FleetError, match=r"cannot be written \(No such file or directory\)"):
        replace_file(place / "missing", "new")
    assert list(place.iterdir()) == []


def test_a_missing_file_is_put_there_with_its_directories(place: Path) -> None:
    """And one that is there is replaced, its mode kept."""
    file = place / "a" / "b" / "file"
    write_file(file, "new")
    file.chmod(0o640)
    write_file(file, "newer")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("newer", 0o640)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_writable_is_told(place: Path) -> None:
    """The old file stays as it was."""
    file = place / "file"
    file.write_text("old")
    place.chmod(0o500)
    with pytest.raises(FleetError, match="cannot be written"):
        replace_file(file, "new")
    place.chmod(0o700)
    assert file.read_text() == "old"
