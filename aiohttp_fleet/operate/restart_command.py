"""``fleet restart``: start a rolling restart and show it, attach to one, or cancel it."""

import os
import signal
import time
from contextlib import ExitStack
from dataclasses import asdict

import click

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import failures_of
from aiohttp_fleet.common.progress import Progress
from aiohttp_fleet.common.waiting import POLL
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.nginx.static.command import require_current
from aiohttp_fleet.operate.start_restart import (
    Run,
    attach_restart,
    plan_restart,
    require_no_restart,
    select_workers,
    start_restart,
)
from aiohttp_fleet.supervision.command import INTERRUPTED, FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.supervision.preflight import has_preflight
from aiohttp_fleet.supervision.restart_steps import CANCELLED, DONE, FAILED, RUNNING, Restarted, RestartReport


@command
@click.argument("names", nargs=-1, metavar="[WORKER]...")
@click.option("--check", metavar="PATH", help="GET this through each new worker's socket; below 400 is ready.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long a worker may take to become ready.")  # fmt: skip
@click.option("--detach", is_flag=True, help="Return as soon as it has started.")
@click.option("--attach", is_flag=True, help="Show the one that is running, or the last one.")
@click.option("--cancel", is_flag=True, help="End the one that is running; no worker is left stopped.")
def restart(
    context: FleetContext, names: tuple[str, ...], check: str | None, timeout: float, detach: bool, attach: bool,
    cancel: bool,
) -> int:  # fmt: skip
    """Restart workers one at a time; the first failure ends it, the others stay. No request fails."""
    fleet = context.fleet()
    workers, unknown = select_workers(fleet, names)
    if unknown:
        raise click.UsageError(f"There is no worker {', '.join(unknown)}; see fleet status.")
    if check is not None and not check.startswith("/"):
        raise click.UsageError("--check is a path, such as /health.")
    if detach + attach + cancel > 1:
        raise click.UsageError("--detach, --attach and --cancel exclude each other.")
    context.output.add(done=False, reason="", workers=[])
    if attach or cancel:
        return _attach(context, fleet, cancel)
    return _restart(context, fleet, workers, check or "", timeout, detach)


def _attach(context: FleetContext, fleet: Fleet, cancel: bool) -> int:
    run = attach_restart(fleet, supervisord_of(fleet))
    report = run.poll()
    if cancel and not report.is_running:
        raise FleetError(fleet.program, "no rolling restart is running", "fleet restart --attach shows the last one")
    with Progress(len(report.workers), context.output.as_json) as progress, deferred_signals() as signals:
        report = _follow(run, progress, signals, cancel)
    code = _result(context, fleet, report)
    return 0 if cancel and code == INTERRUPTED else code


def _restart(
    context: FleetContext, fleet: Fleet, workers: list[Worker], check: str, timeout: float, detach: bool
) -> int:
    owner = f"fleet restart (pid {os.getpid()})"
    with ExitStack() as lock, Progress(len(workers), context.output.as_json) as progress:
        lock.enter_context(exclusive_lock(fleet, "fleet restart"))
        supervisord = supervisord_of(fleet)
        require_no_restart(fleet, supervisord)
        progress.begin("preflight")
        if not has_preflight(workers[0]):
            progress.note("no preflight: the command is not aiohttp_fleet.worker's")
        todo = plan_restart(fleet, supervisord, workers)
        with deferred_signals() as signals:
            run = start_restart(supervisord, todo, timeout, check, owner, detach)
            if run.is_detached:
                lock.close()  # supervisord itself refuses a second one
            if detach:
                context.output.add(state=RUNNING)
                context.output.line("started; fleet restart --attach shows it, fleet restart --cancel ends it")
                return 0
            report = _follow(run, progress, signals)
    return _result(context, fleet, report)


def _follow(run: Run, progress: Progress, signals: list[int], cancel: bool = False) -> RestartReport:
    """Show a restart to its end and return the last report; Ctrl-C and SIGTERM cancel it.

    SIGHUP, the end of the operator's connection, ends only this client where the restart goes on without it.
    """
    report, shown = RestartReport(RUNNING), ""
    while report.is_running and not (run.is_detached and signal.SIGHUP in signals):
        if (cancel or signals) and not report.is_cancelled:
            run.cancel()
        before, report = report, run.poll()
        for done in report.restarted[len(before.restarted) :]:
            progress.done(_line(done), done.ok)
        now = f"{report.remaining[0]}: {report.step}" if report.is_running and report.remaining else shown
        if now != shown:
            progress.begin(now)
        shown = now
        time.sleep(POLL)
    signals.clear()
    return report


def _line(done: Restarted) -> str:
    if not done.ok:
        return f"{done.name}: {done.reason}"
    times = f"drained in {done.drained:.1f} s, ready in {done.started:.1f} s"
    return f"{done.name}: {times}, pid {done.old_pid} -> {done.new_pid}"


def _result(context: FleetContext, fleet: Fleet, report: RestartReport) -> int:
    """Report how it ended, and return the exit code."""
    output, reason = context.output, _reason(report)
    output.add(state=report.state, done=not reason, reason=reason, workers=[asdict(done) for done in report.restarted])
    for line in report.restarted[-1].log if report.restarted else ():
        output.line(f"  {line}", err=True)
    # nginx may serve static files that the new code no longer has, or has elsewhere
    if sentence := reason or next(map(str, failures_of(require_current, fleet)), ""):
        output.line(f"fleet: {sentence}", err=True)
    return {DONE: 0, FAILED: 1}.get(report.state, INTERRUPTED)


def _reason(report: RestartReport) -> str:
    remaining = ", ".join(report.remaining)
    if report.state == DONE:
        return ""
    if report.state == RUNNING:
        return "the restart goes on in supervisord; fleet restart --attach shows it"
    if report.state == CANCELLED:
        return f"interrupted; no worker is left stopped; not restarted: {remaining}; run fleet restart again"
    if report.reason or not report.restarted:
        return report.reason
    failed = report.restarted[-1]
    others = f"not restarted: {remaining}" if remaining else "it was the last"
    return f"{failed.name}: {failed.reason}; {others}; fix it, then run fleet restart again"
