"""Tests of scripts/mutation.py: its table fits the tree. That each row is noticed, scripts/mutate itself shows."""

from pathlib import Path
from shutil import copy

import pytest

from scripts.mutation import Mutation, table
from tests.place import PROJECT


@pytest.mark.parametrize("row", table(), ids=lambda row: row.breaks)
def test_a_row_can_be_applied(row: Mutation, place: Path) -> None:
    """Its old text is in its file once, and its tests exist."""
    copied = place / row.file
    copied.parent.mkdir(parents=True)
    copy(PROJECT / row.file, copied)
    assert row.apply(place) == ""
    assert copied.read_text() != (PROJECT / row.file).read_text()
    for test in row.tests:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (PROJECT / file).read_text() or not name, f"{test} does not exist"
