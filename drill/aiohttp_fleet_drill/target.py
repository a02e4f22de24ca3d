"""The target of a drill: a fleet, as its supervisord.conf describes it."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.operate.observe import Process, observe
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord, supervisord_of

BIN = Path(sys.executable).parent
COMMAND = 90
"""Seconds that a command may take; a drain and a start-up fit in."""


class Target:
    """A fleet to be drilled.

    Args:
        supervisord_conf: its supervisord.conf.
        program: the workers' program.
    """

    def __init__(self, supervisord_conf: Path, program: str = "aiohttp") -> None:
        self.supervisord_conf = supervisord_conf
        self.program = program

    @property
    def described(self) -> Fleet:
        """The fleet, as its file describes it now."""
        return read_fleet(self.supervisord_conf, self.program)

    @property
    def rpc(self) -> Supervisord:
        """Its supervisord."""
        return supervisord_of(self.described)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of its nginx.

        Raises:
            FleetError: it listens on no TCP port.
        """
        conf = self.described.nginx_conf
        if found := listen_address(read_text(conf)):
            return found
        raise FleetError(str(conf), "its first listen is no TCP port", "drill a private copy, without --live")

    def ctl(self, *arguments: str) -> str:
        """Run supervisorctl and return what it printed."""
        return self._run("supervisorctl", "-c", str(self.supervisord_conf), *arguments).stdout

    def fleet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fleet``."""
        return self._run("fleet", "--config", str(self.supervisord_conf), "--program", self.program, *arguments)

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, even when a signal is to end this process: a worker must not stay stopped."""
        with deferred_signals():
            command = [str(BIN / name), *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=COMMAND, check=False)

    def rows(self) -> list[Process]:
        """Return the state of every process; nothing while supervisord does not run."""
        try:
            fleet = self.described
            return observe(fleet, supervisord_of(fleet))
        except FleetError:
            return []

    def is_ready(self) -> bool:
        """Whether every process is ready."""
        rows = self.rows()
        return bool(rows) and all(row.ready for row in rows)

    def pids(self) -> dict[str, int]:
        """Return the pid of each process that runs, by namespec."""
        return {row.namespec: row.pid for row in self.rows() if row.pid}

    def running(self, namespec: str) -> int:
        """Return the pid of a process.

        Raises:
            FleetError: it does not run.
        """
        if pid := int(self.rpc.process(namespec)["pid"]):
            return pid
        raise FleetError(namespec, "it does not run", "see fleet status")

    def until(self, what: str, condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until a condition is true.

        Raises:
            FleetError: it was not in so many seconds.
        """
        if not wait_until(condition, seconds):
            raise FleetError("the drill", f"waited {seconds:g} s for {what}", "see the logs")

    @staticmethod
    def elapsed(seconds: float) -> Callable[[], bool]:
        """Return a condition that is true once so many seconds have passed."""
        end = time.monotonic() + seconds
        return lambda: time.monotonic() >= end
