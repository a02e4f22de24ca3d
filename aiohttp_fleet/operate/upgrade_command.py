"""``fleet upgrade``: another supervisord in place of the one that runs, for another Python, kit or supervisor.

Workers and nginx do not depend on supervisord: they serve on while none runs. The next one starts workers that take
the sockets over, and adopts nginx.
"""

import os
import signal

import click

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.operate.observe import observe, observe_until
from aiohttp_fleet.operate.start_again import Start, start_of
from aiohttp_fleet.operate.start_restart import require_no_restart
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.supervision.preflight import preflight
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

END = 10.0
"""Seconds for a killed process to end."""
ANSWER = 30.0
"""Seconds for the next supervisord to answer."""


@command
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long the new workers may take to become ready.")  # fmt: skip
def upgrade(context: FleetContext, timeout: float) -> int:
    """Replace supervisord, for another Python, supervisor or version of the kit. No request fails."""
    fleet = context.fleet()
    supervisord = supervisord_of(fleet)
    with exclusive_lock(fleet, "fleet upgrade"), Progress(3, context.output.as_json) as progress:
        require_no_restart(fleet, supervisord)
        old = supervisord.pid()
        start = start_of(old)
        progress.begin("preflight")
        preflight(fleet.workers[0], start.environ, directory=start.directory)
        progress.done(f"{fleet.workers[0].name} can be built")
        workers = {row.pid for row in observe(fleet, supervisord) if row.pid and row.health}
        progress.begin("supervisord")
        with deferred_signals():  # what has begun is finished: without supervisord no worker is replaced
            new = _replaced(old, start, fleet, supervisord)
        progress.done(f"supervisord: pid {old} -> {new}")
        progress.begin("workers")
        _require_ready(fleet, supervisord, timeout)
        seconds = timeout + max(worker.stopwaitsecs for worker in fleet.workers)
        if not wait_until(lambda: not any(map(is_running, workers)), seconds):
            left = ", ".join(str(pid) for pid in sorted(workers) if is_running(pid))
            raise FleetError(fleet.program, f"old workers are still there: pid {left}", "see their logs")
        progress.done(f"{len(fleet.served)} workers are new and ready")
    context.output.add(old=old, new=new)
    return 0


def _replaced(old: int, start: Start, fleet: Fleet, supervisord: Supervisord) -> int:
    """End supervisord, and return the pid of the next one when it answers."""
    os.kill(old, signal.SIGKILL)  # every other end would be that of its children too
    if not wait_until(lambda: not is_running(old), END):
        raise FleetError(f"supervisord (pid {old})", f"it has not ended in {END:g} s", "see ps")
    start.again()

    def answers() -> bool:
        try:
            return supervisord.pid() != old
        except FleetError:
            return False

    if not wait_until(answers, ANSWER):
        step = f"the old workers and nginx serve on; see systemctl status {start.unit}" if start.unit else "see its log"
        raise FleetError("supervisord", f"the next one does not answer in {ANSWER:g} s", step)
    return supervisord.pid()


def _require_ready(fleet: Fleet, supervisord: Supervisord, timeout: float) -> None:
    """Wait until every process is ready."""
    late = [f"{row.name}: {row.reason}" for row in observe_until(fleet, supervisord, timeout) if not row.ready]
    if late:
        raise FleetError(fleet.program, f"not ready in {timeout:g} s: {'; '.join(late)}", "see fleet status")
