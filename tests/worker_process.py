"""One real worker process, without supervisord."""

import os
import pwd
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp_fleet_drill.sandbox import processes

from tests.place import PROJECT, USER
from tests.wait import until

__all__ = ["WORK", "WorkerProcess", "processes", "user_of"]
WORK = "tests.apps.work:create_app"


class WorkerProcess:
    """A worker that serves ``path``.

    Args:
        path: its socket.
        app: what it serves.
        arguments: further arguments.
        program: what it runs in place of ``app``.
        cwd: its working directory.
        environ: what its environment has in addition to the test's.
    """

    def __init__(
        self, path: Path, app: str = WORK, *arguments: str, program: Sequence[str] = (), cwd: Path = PROJECT,
        **environ: str,
    ) -> None:  # fmt: skip
        self.path = path
        self._log = path.with_name(f"{path.name}.{len(list(path.parent.iterdir()))}.log")
        options = (f"--path={path}", f"--user={USER}", *arguments)
        words = (*options, *program) if program else (app, *options)
        command = [sys.executable, "-m", "aiohttp_fleet.worker", *words]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env=os.environ | environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        """Return all it has written."""
        return self._log.read_text()

    def ready(self) -> "WorkerProcess":
        """Wait until its log says that it is ready."""
        until(f"ready on {self.path}", lambda: "ready on" in self.log or self._ended())
        return self

    def _ended(self) -> bool:
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.log}"
        return False

    def signal(self, signum: int = signal.SIGTERM) -> None:
        """Send a signal."""
        self.process.send_signal(signum)

    def exit_code(self, seconds: float = 20) -> int:
        """Wait until it has ended."""
        return self.process.wait(seconds)

    def stop(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def user_of(pid: int) -> str:
    """Return the name of the user a process runs as (proc(5), /proc/pid/status, Uid: real, effective, ...)."""
    found = re.search(r"Uid:\s*\d+\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return pwd.getpwuid(int(found[1])).pw_name
