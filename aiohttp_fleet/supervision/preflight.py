"""The preflight: a process of its own imports and builds the new code, before anything is changed."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.config.standby_command import WORKER, with_options

SECONDS = 60.0
"""For the import and the build; an application that takes longer is considered hung."""
TAIL = 20
"""Lines of its output that are shown."""


def has_preflight(worker: Worker) -> bool:
    """Whether a worker is the kit's; other commands have no preflight."""
    return WORKER in worker.argv


def preflight(
    worker: Worker, environ: Mapping[str, str], seconds: float = SECONDS, directory: str | None = None
) -> str:
    """Import and build the worker's application as the worker does; do nothing unless it `has_preflight`.

    Args:
        worker: its command runs, with ``--preflight``.
        environ: supervisord's environment; the program's own is added.
        seconds: the deadline.
        directory: supervisord's working directory, for a program without ``directory=``; None for ours.

    Returns:
        Its output; nothing where there is no preflight.

    Raises:
        FleetError: it cannot be built; the last lines of its output are in the reason.
    """
    if not has_preflight(worker):
        return ""
    what, step = f"preflight of {worker.namespec}", "nothing was changed; fix it, then retry"
    with tempfile.TemporaryFile() as output:  # not a pipe: a process that outlives the build would keep it open
        try:
            built = subprocess.Popen(
                with_options(worker.argv, "--preflight"),
                cwd=worker.directory or directory,
                env={**environ, **_as_supervisord(worker), **worker.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        except OSError as error:
            raise FleetError(what, f"cannot be run ({error})", "see its command in supervisord.conf") from None
        try:
            code = built.wait(seconds)
        except subprocess.TimeoutExpired:
            raise FleetError(what, f"the application was not built in {seconds:g} s{_tail(output)}", step) from None
        finally:
            _end_group(built)
        if code != 0:
            raise FleetError(what, f"the application cannot be built{_tail(output)}", step)
        output.seek(0)
        return output.read().decode(errors="replace")


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    """End a process, and those that the build has started and not ended, such as a pool of processes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()


def _as_supervisord(worker: Worker) -> dict[str, str]:
    """Return what supervisord sets for programs (http://supervisord.org/subprocess.html#subprocess-environment)."""
    group, _, name = worker.namespec.rpartition(":")
    return {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_PROCESS_NAME": worker.name,
        "SUPERVISOR_GROUP_NAME": group or name,
    }


def _tail(output: IO[bytes]) -> str:
    output.seek(0)
    lines = output.read().decode(errors="replace").splitlines()[-TAIL:]
    return "".join(f"\n  {line}" for line in lines) + ("\n" if lines else "")
