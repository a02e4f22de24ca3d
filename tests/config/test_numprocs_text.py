"""Tests of aiohttp_fleet/config/numprocs_text.py."""

import pytest

from aiohttp_fleet.config.numprocs_text import with_numprocs
from tests.place import PROJECT


def test_only_the_number_changes_in_the_shipped_file() -> None:
    """The comment behind it stays in its column, everything else to the byte."""
    text = (PROJECT / "deploy" / "supervisord.conf").read_text()
    new = with_numprocs(text, "aiohttp", 12)
    assert new is not None
    changed = [(a, b) for a, b in zip(text.splitlines(), new.splitlines(), strict=True) if a != b]
    ((before, after),) = changed
    assert (before.index(";"), before[:11]) == (after.index(";"), "numprocs=4 ")
    assert after.startswith("numprocs=12 ")
    assert with_numprocs(new, "aiohttp", 4) == text


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("numprocs=4", "numprocs=10"),
        ("numprocs = 4", "numprocs = 10"),
        ("numprocs:4", "numprocs:10"),
        ("numprocs=4 ; why", "numprocs=10 ; why"),
        ("numprocs=4\r", "numprocs=10\r"),
    ],
)
def test_each_notation_is_understood(line: str, changed: str) -> None:
    """Spaces, a colon, a comment close behind it, line ends of another system."""
    text = f"[program:other]\nnumprocs=2\n[program:aiohttp]\n; numprocs=3\nnumprocs_start=1\n{line}\n"
    assert with_numprocs(text, "aiohttp", 10) == text.replace(line, changed)


def test_a_number_that_is_not_plain_is_left_alone() -> None:
    """An expansion, or no line at all."""
    assert with_numprocs("[program:aiohttp]\nnumprocs=%(ENV_N)s\n", "aiohttp", 2) is None
    assert with_numprocs("[program:other]\nnumprocs=4\n", "aiohttp", 2) is None
