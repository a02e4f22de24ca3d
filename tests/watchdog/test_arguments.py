"""Tests of aiohttp_fleet/watchdog/arguments.py."""

import pytest

from tests.watchdog.seen import options


def test_the_defaults_recycle_no_one_and_find_a_hung_worker_within_five_seconds() -> None:
    """What deploy/supervisord.conf and docs/watchdog.md say."""
    given = options()
    assert (given.program, given.hang, given.retry, given.budget, given.settle) == ("aiohttp", 4, 60, 5, 60)
    assert (given.max_memory, given.max_age, given.max_requests) == (None, None, None)
    assert (given.notify, given.webhook) == ((), None)


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 500 * 1024**2), ("1G", 1024**3), ("64kb", 64 * 1024), ("1000", 1000)]
)
def test_sizes_are_written_as_in_supervisord_conf(text: str, size: int) -> None:
    """1 KB is 1024 bytes there too."""
    assert options(f"--max-memory={text}").max_memory == size


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("1.5s", 1.5), ("10m", 600), ("12h", 43200), ("1d", 86400)])
def test_times_have_units(text: str, seconds: float) -> None:
    """Seconds without one."""
    assert options(f"--max-age={text}").max_age == seconds


def test_a_command_is_split_into_words() -> None:
    """As a shell would, without one."""
    assert options("--notify=mail -s 'the fleet' me").notify == ("mail", "-s", "the fleet", "me")


@pytest.mark.parametrize(
    "wrong",
    [
        "--max-memory=0",
        "--max-memory=5TB",
        "--max-age=1 week",
        "--max-age=-1",
        "--max-requests=0",
        "--hang=0",
        "--budget=x",
        "--notify=",
        "--notify='",
        "--webhook=ftp://x",
        "--nonsense",
    ],
)
def test_a_mistake_is_one_line_and_exit_2(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the option in it, and where to look."""
    with pytest.raises(SystemExit, match="2"):
        options(wrong)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert wrong.partition("=")[0] in line
    assert "--help" in line
