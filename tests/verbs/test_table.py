"""Tests of aiohttp_fleet/verbs/table.py."""

import pytest

from aiohttp_fleet.read.status import Process
from aiohttp_fleet.verbs.table import print_table


def test_nothing_is_cut_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path and a reason can be copied whole."""
    monkeypatch.setenv("COLUMNS", "40")
    path, reason = f"/srv/{'long/' * 15}web_1.sock", "because " * 20
    print_table([Process("web1", "aiohttp:web1", "FATAL", 1234, 90061, path, False, reason)], "nginx 1.22.1")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["web1", "FATAL", "1234", "1d", "1:01:01", path, "not", "ready"]
    assert lines[2:] == [f"web1: {reason}", "nginx 1.22.1"]
