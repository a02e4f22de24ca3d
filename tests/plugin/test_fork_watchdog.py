"""Tests of aiohttp_fleet/plugin/fork_watchdog.py: the watchdog, a fork of supervisord."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.common.processes import is_running, title
from tests.place import USER
from tests.site import Site, edit
from tests.wait import until

Make = Callable[..., Site]


def _field(file: str, name: str) -> str:
    """Return a field of a file in /proc."""
    return next(line.split()[1] for line in Path(file).read_text().splitlines() if line.startswith(f"{name}:"))


def _is_forked(pid: int) -> bool:
    """Whether a process shares memory that it has written to with another one."""
    return int(_field(f"/proc/{pid}/smaps_rollup", "Shared_Dirty")) > 1000


def _open(pid: int) -> set[str]:
    """Return what is open in a process besides the standard streams."""
    return {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir() if int(entry.name) > 2}


def test_the_watchdog_has_supervisords_memory_and_nothing_else_of_it(site: Make) -> None:
    """Neither descriptors, however high their number, nor signal handlers; and a title of its own."""
    made = site().with_workers(1).start()
    pid = made.pid("watchdog")
    until("its title", lambda: title(pid).startswith(b"watchdog: python"))
    assert _is_forked(pid)
    assert not _open(pid) & _open(made.supervisord.pid)
    handled = int(_field(f"/proc/{pid}/status", "SigCgt"), 16)
    assert {signum for signum in signal.Signals if handled & 1 << signum - 1} == {signal.SIGTERM, signal.SIGINT}


def test_supervisorctl_restarts_it_as_any_program(site: Make) -> None:
    """Its exit code is supervisord's too."""
    made = site().with_workers(1).start()
    pid = made.pid("watchdog")
    made.ctl("restart", "watchdog")
    assert made.pid("watchdog") not in (0, pid)
    assert not is_running(pid)
    assert "stopped: watchdog (exit status 0)" in made.evidence()


def test_a_mistake_in_its_command_is_one_line_in_its_log(site: Make) -> None:
    """As of a process that is executed."""
    made = site().with_workers(1)
    edit(made.supervisord_conf, {'supervisord.conf"\n': 'supervisord.conf" --hang=often\n'})
    made.launch()
    until("its end", lambda: "exited: watchdog (exit status 2; not expected)" in made.evidence())
    log = (made.place / "deploy/run/watchdog.log").read_text().splitlines()
    assert log
    assert all("--hang" in line for line in log)


def test_with_another_user_it_is_executed(site: Make) -> None:
    """Supervisord's memory has secrets of its user."""
    if os.geteuid() != 0:
        pytest.skip("only root may change the user")
    made = site().with_workers(1)
    edit(made.supervisord_conf, {r"(\[program:watchdog\]\n)": rf"\1user={USER}\n"})
    made.launch()
    until("supervisord", (made.place / "deploy/run/supervisor.sock").exists)
    until("the watchdog", lambda: made.pid("watchdog"))
    until("another program in it", lambda: not _is_forked(made.pid("watchdog")))
