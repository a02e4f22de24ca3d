"""Tests of aiohttp_fleet/operate/status_table.py."""

import pytest

from aiohttp_fleet.operate.process import Process
from aiohttp_fleet.operate.status_table import print_table
from aiohttp_fleet.supervision.health import Health


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


def test_what_a_control_socket_says_is_in_the_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Memory in MB, requests since the start, requests in flight, lag in ms."""
    health = Health("ready", 42, "web1", "app.main", "0.1.0", True, 5.2, 0.0124, 1234, 3, 7, 1, 38_200_000)
    print_table([Process("web1", "aiohttp:web1", "RUNNING", 42, 5, "/tmp/web_1.sock", True, "", health)], None)
    row = capsys.readouterr().out.splitlines()[1]
    assert " ".join(row.split()) == "web1 RUNNING 42 0:00:05 38 MB 1234 3 12 ms /tmp/web_1.sock ready"
