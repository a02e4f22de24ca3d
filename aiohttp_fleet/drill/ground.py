"""Where the drill takes place: a private copy of the fleet, with its own paths, port and application."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.act.observe import observe
from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.read.status import Process
from aiohttp_fleet.read.supervisord import read

BIN = Path(sys.executable).parent
COMMAND = 90
"""Seconds that a command may take; a drain and a start-up fit in."""
POLL = 0.05
"""Seconds between two looks."""
LOGS = 4000
"""Characters at the end of each log that are kept as evidence."""


class Ground:
    """A fleet to be drilled.

    Args:
        supervisord_conf: its supervisord.conf.
        program: the workers' program.
    """

    def __init__(self, supervisord_conf: Path, program: str = "aiohttp") -> None:
        self.supervisord_conf = supervisord_conf
        self.program = program
        self._supervisord: subprocess.Popen[bytes] | None = None

    @property
    def supervisord(self) -> subprocess.Popen[bytes]:
        """Its supervisord, this process's child."""
        assert self._supervisord is not None, "launch() has not been called"
        return self._supervisord

    @property
    def described(self) -> Fleet:
        """The fleet, as its file says now."""
        return read(self.supervisord_conf, self.program)

    @property
    def rpc(self) -> Supervisord:
        """Its supervisord."""
        return Supervisord(self.described.control_socket, self.supervisord_conf)

    def ctl(self, *arguments: str) -> str:
        """Run supervisorctl and return what it printed."""
        return self._run("supervisorctl", "-c", str(self.supervisord_conf), *arguments).stdout

    def fleet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fleet``."""
        return self._run("fleet", "--config", str(self.supervisord_conf), "--program", self.program, *arguments)

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([BIN / name, *arguments], capture_output=True, text=True, timeout=COMMAND, check=False)

    def rows(self) -> list[Process]:
        """Return what every process is doing; nothing while supervisord is away."""
        try:
            return observe(self.described, self.rpc)
        except FleetError:
            return []

    def is_ready(self) -> bool:
        """Whether every process is ready."""
        rows = self.rows()
        return bool(rows) and all(row.ready for row in rows)

    def pids(self) -> dict[str, int]:
        """Return the pid of each process that runs, by namespec."""
        return {row.namespec: row.pid for row in self.rows() if row.pid}

    def until(self, what: str, look: Callable[[], object], seconds: float = 60.0) -> None:
        """Look until the answer is true.

        Raises:
            FleetError: it was not in so many seconds.
        """
        deadline = time.monotonic() + seconds
        while not look():
            if time.monotonic() >= deadline:
                raise FleetError("the drill", f"waited {seconds:g} s for {what}", "see the logs below")
            time.sleep(POLL)

    @staticmethod
    def elapsed(seconds: float) -> Callable[[], bool]:
        """Return what is true once so many seconds have passed."""
        end = time.monotonic() + seconds
        return lambda: time.monotonic() >= end

    def launch(self, environ: Mapping[str, str] | None = None) -> None:
        """Start supervisord in the foreground, and do not wait for anything.

        Args:
            environ: its environment, None for ours.
        """
        null = subprocess.DEVNULL
        command = [str(BIN / "supervisord"), "-n", "-c", str(self.supervisord_conf)]
        self._supervisord = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, env=environ)

    def evidence(self) -> str:
        """Return the ends of all logs and the two files."""
        logs = sorted((self.supervisord_conf.parent / "run").glob("*.log"))
        files = [*(log for log in logs if log.name != "access.log"), self.supervisord_conf]
        files.append(self.supervisord_conf.parent / "nginx.conf")
        return "\n".join(f"--- {file}\n{file.read_text(errors='replace')[-LOGS:]}" for file in files)


class Private(Ground):
    """A private copy.

    Attributes:
        place: its directory; sockets are in it, the application is imported from it.
        port: of its nginx.
    """

    def __init__(self, place: Path, deploy: Path, app: str, directory: Path, user: str, options: str = "") -> None:
        """Copy ``deploy`` to ``place`` and edit paths, port and application.

        Args:
            place: an empty directory that everybody may write to.
            deploy: with supervisord.conf and nginx.conf.
            app: what it serves.
            directory: where that is imported from.
            user: who the workers become under root.
            options: more options of the launcher of nginx.
        """
        self.place = place
        self.port = free_port()
        shutil.copytree(deploy, place / "deploy", ignore=lambda _, names: {"run"} & set(names))
        (place / "deploy" / "run").mkdir()
        super().__init__(place / "deploy" / "supervisord.conf")
        self.nginx_conf = place / "deploy" / "nginx.conf"
        edit(self.nginx_conf, {r"/tmp/web_": f"{place}/web_", r"listen 8080": f"listen 127.0.0.1:{self.port}"})
        edit(
            self.supervisord_conf,
            {
                r"/tmp/web_": f"{place}/web_",
                r'"%\(here\)s/\.\./\.venv/bin/python"': f'"{sys.executable}"',
                r"directory=%\(here\)s/\.\.": f"directory={directory}",
                r"(aiohttp_fleet\.worker) \S+": rf"\1 {app}",
                r"--user=nobody": f"--user={user}",
                r'nginx\.conf" ': f'nginx.conf" {options}',
            },
        )

    def stop(self) -> None:
        """Stop everything, and everything that a killed supervisord left."""
        if self._supervisord is None:
            return
        if self._supervisord.poll() is None:
            self._supervisord.terminate()
        self._supervisord.wait(120)
        self.until("every process to end", lambda: not processes(self.place))


def edit(file: Path, changes: Mapping[str, str]) -> None:
    """Replace patterns in a file.

    Raises:
        FleetError: one is not there.
    """
    text = file.read_text()
    for pattern, new in changes.items():
        text, count = re.subn(pattern, new, text)
        if not count:
            raise FleetError(str(file), f"there is nothing like {pattern} in it", "drill a copy of the shipped files")
    file.write_text(text)


@contextmanager
def place() -> Iterator[Path]:
    """Make a private directory, short enough for socket paths and open to the workers' user; remove it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="af"))
    try:
        directory.chmod(0o1777)  # as /tmp, where the sockets are by default
        yield directory
    finally:
        shutil.rmtree(directory)


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def processes(place: Path) -> list[int]:
    """Return the pids of all processes with ``place`` in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while we looked
            if os.fsencode(place) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found
