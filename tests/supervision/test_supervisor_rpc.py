"""Tests of aiohttp_fleet/act/supervisor_rpc.py that need no supervisord; tests/verbs/test_status.py has the others."""

import socket
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision import supervisor_rpc
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord


def test_no_supervisord_is_told_with_the_command_that_starts_it(place: Path) -> None:
    """Neither a traceback nor an errno."""
    with pytest.raises(FleetError, match="supervisord is not running; start it with supervisord -c the.conf"):
        Supervisord(str(place / "supervisor.sock"), "the.conf").processes()


def test_a_supervisord_that_does_not_answer_is_given_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped one accepts connections and says nothing."""
    monkeypatch.setattr(supervisor_rpc, "TIMEOUT", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place / "supervisor.sock"))
        silent.listen()
        with pytest.raises(FleetError, match="supervisord did not answer getAllProcessInfo"):
            Supervisord(str(place / "supervisor.sock"), "the.conf").processes()
