"""Tests of aiohttp_fleet/common/log_tail.py."""

from pathlib import Path

from aiohttp_fleet.common.log_tail import END, last_lines


def test_the_last_lines_that_are_not_empty_are_returned(place: Path) -> None:
    """Without colours and control characters."""
    log = place / "web1.log"
    log.write_bytes(b"first\n\x1b[31mred\x1b[0m\n\n\x07bell \xff\n\n")
    assert last_lines(log, 2) == ("red", "bell \ufffd")
    assert last_lines(log, 9)[0] == "first"


def test_only_the_end_of_a_large_log_is_read(place: Path) -> None:
    """However long its lines."""
    log = place / "web1.log"
    log.write_text("x" * 2 * END + "\nlast\n")
    assert [len(line) for line in last_lines(log, 5)] == [END - 6, 4]


def test_a_log_that_cannot_be_read_is_empty(place: Path) -> None:
    """Not there, or a directory, as supervisord's ``stdout_logfile=NONE`` would be."""
    assert last_lines(place / "nothing.log", 5) == last_lines(place, 5) == last_lines(Path(), 5) == ()
