"""How a supervisord that runs was started, so that another one can be started in the same way."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import PROC, parent, process_directory, process_environ, title

SUPERVISORD = Path(sys.executable).parent / "supervisord"
"""That of the environment that ``fleet`` is from."""
SECONDS = 30.0
"""For supervisord to read its configuration and go into the background."""
_FOREGROUND = ("-n", "--nodaemon")


@dataclass(frozen=True)
class Start:
    """How it was started.

    Attributes:
        unit: the systemd unit that starts it again when it is killed; empty where none does.
        command: what starts the next one otherwise.
        directory: its working directory.
        environ: its environment.
    """

    unit: str
    command: Sequence[str]
    directory: str | None
    environ: Mapping[str, str]

    def again(self) -> None:
        """Start the next one, unless systemd does; return when it is in the background.

        Raises:
            FleetError: it ends with an error.
        """
        if self.unit:
            return
        step = f"the old workers and nginx serve on; fix it, then: {' '.join(self.command)}"
        try:
            done = subprocess.run(
                self.command, cwd=self.directory, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=SECONDS, check=False, start_new_session=True,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FleetError(str(self.command[0]), f"it has not started ({error})", step) from None
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise FleetError(str(self.command[0]), f"it has not started ({lines[-1] if lines else 'no output'})", step)


def start_of(pid: int) -> Start:
    """Return how a supervisord was started.

    Args:
        pid: of supervisord.

    Raises:
        FleetError: no other one could be started in its place.
    """
    if not SUPERVISORD.is_file():
        raise FleetError(str(SUPERVISORD), "there is no such file", "install aiohttp-fleet where fleet is run from")
    words = [os.fsdecode(word) for word in title(pid).rstrip(b"\0").split(b"\0")]
    options = words[2:] if Path(words[0]).name.startswith("python") else words[1:]
    start = Start(_unit(pid), [str(SUPERVISORD), *options], process_directory(pid), process_environ(pid))
    if start.unit or (parent(pid) == 1 and pid != 1 and not any(option in _FOREGROUND for option in options)):
        return start
    what = (
        "it is the first process of this container" if pid == 1 else f"it runs in the foreground of pid {parent(pid)}"
    )
    step = (
        "start a new container instead (fleet help containers)" if pid == 1 else "run it as a daemon, or see fleet boot"
    )
    raise FleetError(f"supervisord (pid {pid})", f"{what}, so no other can take its place", step)


def _unit(pid: int) -> str:
    """Return the unit of systemd whose main process it is, which has to start it again and leave its children alone.

    Raises:
        FleetError: the unit does not.
    """
    try:
        name = (PROC / f"{pid}/cgroup").read_text().strip().rpartition("/")[2]
    except OSError:
        return ""
    if not name.endswith(".service"):
        return ""
    shown = subprocess.run(
        ["systemctl", "show", name, "--property=MainPID,Restart,KillMode,ExecStart"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    if found.get("MainPID") != str(pid):
        return ""
    if found.get("KillMode") != "process" or found.get("Restart") not in (
        "always",
        "on-failure",
        "on-abnormal",
        "on-abort",
    ):
        reason = f"it has KillMode={found.get('KillMode')} and Restart={found.get('Restart')}"
        raise FleetError(
            name, f"{reason}, so systemd would end the workers", "fleet boot --write writes one that does not"
        )
    return name
