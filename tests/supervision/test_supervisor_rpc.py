"""Tests of aiohttp_fleet/supervision/supervisor_rpc.py."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision import supervisor_rpc
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord, supervisord_of
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]


@pytest.mark.parametrize("password", ["s3cret", "{SHA}f3bbbd66a63d4bf1747940578ec3d0103530e21d"])
def test_a_control_socket_with_a_password(site: Make, password: str) -> None:
    """The commands and the watchdog use that of supervisord.conf: status, a restart, the end of a stopped worker."""
    made = site()
    edit(
        made.supervisord_conf,
        {
            r"(?m)^(file=\S+)": rf"\1\nusername=admin\npassword={password}",
            r"(?m)^(serverurl=\S+)": r"\1\nusername=admin\npassword=hunter2" if "SHA" in password else r"\1",
        },
    )
    made.with_workers(2).start()
    assert made.fleet("restart", "web1").returncode == 0
    fleet, rpc = made.described, made.rpc
    before = rpc.process("aiohttp:web2")["pid"]
    os.kill(before, signal.SIGSTOP)
    until("the watchdog to replace web2", lambda: rpc.process("aiohttp:web2")["pid"] not in (0, before), 30)
    assert fleet.credentials is not None
    assert fleet.credentials[1] not in repr(fleet)


def test_another_password_is_an_error_with_a_next_step(site: Make) -> None:
    """One line, not a traceback of XML-RPC."""
    made = site()
    changes = {r"(?m)^(file=\S+)": r"\1\nusername=admin\npassword=old", "autostart=true": "autostart=false"}
    edit(made.supervisord_conf, changes)
    made.launch()
    until("supervisord to answer", made.rows)
    edit(made.supervisord_conf, {"password=old": "password=new"})
    with pytest.raises(FleetError, match=r"supervisord refused the call \(401 Unauthorized\); give .* the username"):
        supervisord_of(made.described).pid()


def test_the_error_without_a_supervisord_has_the_command_that_starts_it(place: Path) -> None:
    """Neither a traceback nor an errno."""
    with pytest.raises(FleetError, match="supervisord is not running; start it with supervisord -c the.conf"):
        Supervisord(str(place / "supervisor.sock"), "the.conf").processes()


def test_a_supervisord_that_does_not_answer_reaches_the_deadline(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped one accepts connections and says nothing."""
    monkeypatch.setattr(supervisor_rpc, "TIMEOUT", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place / "supervisor.sock"))
        silent.listen()
        with pytest.raises(FleetError, match="supervisord did not answer getAllProcessInfo"):
            Supervisord(str(place / "supervisor.sock"), "the.conf").processes()
