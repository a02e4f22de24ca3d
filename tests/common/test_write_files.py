"""Tests of aiohttp_fleet/common/write_files.py."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.write_files import put_file, replace_file, write_file, written
from tests.place import PROJECT
from tests.wait import until

WAITS = """
import sys, time
from pathlib import Path
from aiohttp_fleet.common.write_files import written
new, old = map(Path, sys.argv[1:3])
with written({new: "new", old: "changed"}):
    print("written", flush=True)
    time.sleep(60)
"""
"""Write two files, and wait for the signal."""


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


def test_a_missing_file_is_reported_and_not_made(place: Path) -> None:
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


def test_a_reader_never_finds_an_empty_file(place: Path) -> None:
    """A new file appears with its text, a thousand times."""
    file, empty, done = place / "file", [], threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                empty.append(file.read_text() == "")
            except FileNotFoundError:
                continue

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(1000):
        write_file(file, "text")
        file.unlink()
    done.set()
    reader.join()
    assert not any(empty)


def test_a_new_file_has_the_mode_of_the_umask(place: Path) -> None:
    """As any other."""
    before = os.umask(0o027)
    try:
        put_file(place / "file", "text")
    finally:
        os.umask(before)
    assert (place / "file").stat().st_mode & 0o777 == 0o640


def test_put_file_takes_the_place_of_a_link(place: Path) -> None:
    """What the link led to stays."""
    (place / "other").write_text("other")
    (place / "file").symlink_to("other")
    put_file(place / "file", "text")
    assert ((place / "file").read_text(), (place / "other").read_text()) == ("text", "other")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_written_is_taken_back(place: Path, number: signal.Signals) -> None:
    """After Ctrl-C, both the new file and the one that was changed; SIGKILL cannot be noticed."""
    new, old = place / "new", place / "old"
    old.write_text("old")
    command = [sys.executable, "-c", WAITS, str(new), str(old)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROJECT) as process:
        assert process.stdout and process.stdout.readline() == b"written\n"
        process.send_signal(number)
        until("the process to end", lambda: process.poll() is not None)
    assert (new.exists(), old.read_text()) == ((False, "old") if number is signal.SIGINT else (True, "changed"))


def test_a_file_that_cannot_be_written_takes_the_others_back(place: Path) -> None:
    """All or none."""
    (place / "directory").mkdir()
    with pytest.raises(FleetError), written({place / "a": "text", place / "directory": "text"}):
        pass
    assert not (place / "a").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_writable_is_reported(place: Path) -> None:
    """The old file stays as it was."""
    file = place / "file"
    file.write_text("old")
    place.chmod(0o500)
    with pytest.raises(FleetError, match="cannot be written"):
        replace_file(file, "new")
    place.chmod(0o700)
    assert file.read_text() == "old"
