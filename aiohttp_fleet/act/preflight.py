"""The preflight: new code is imported and built in a process that is thrown away, before anything is touched."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.fleet import Worker
from aiohttp_fleet.read.supervisord import WORKER

SECONDS = 60.0
"""For the import and the build; an application that takes longer hangs."""
TAIL = 20
"""Lines of what it has printed that are shown."""


def environ_of(pid: int) -> Mapping[str, str]:
    """Return the environment that a process was started with (proc(5), /proc/pid/environ); ours if it is not readable.

    Args:
        pid: of supervisord, whose environment its programs inherit.
    """
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return os.environ
    pairs = (os.fsdecode(word).partition("=") for word in words if b"=" in word)
    return {name: value for name, _, value in pairs}


def preflight(worker: Worker, environ: Mapping[str, str], seconds: float = SECONDS) -> None:
    """Import and build the worker's application as the worker would.

    Args:
        worker: whose command is tried, with ``--preflight``.
        environ: supervisord's environment; the program's own is added.
        seconds: the deadline.

    Raises:
        FleetError: it cannot be built; the last lines of what it printed are in the reason.
    """
    if WORKER not in worker.argv:
        return  # a program of the operator's own, which has no preflight
    what = f"preflight of {worker.namespec}"
    try:
        done = subprocess.run(
            [*worker.argv, "--preflight"],
            cwd=worker.directory,
            env={**environ, **worker.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        reason = f"the application was not built in {seconds:g} s{_tail(error.stdout)}"
        raise FleetError(what, reason, "nothing was touched; mend it, then try again") from None
    except OSError as error:
        raise FleetError(what, f"cannot be run ({error.strerror})", "see its command in supervisord.conf") from None
    if done.returncode != 0:
        reason = f"the application cannot be built{_tail(done.stdout)}"
        raise FleetError(what, reason, "nothing was touched; mend it, then try again")


def _tail(output: bytes | None) -> str:
    lines = (output or b"").decode(errors="replace").splitlines()[-TAIL:]
    return "".join(f"\n  {line}" for line in lines) + ("\n" if lines else "")
