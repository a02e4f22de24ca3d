"""The client of a rolling restart: what has to be true before it starts, in which order, and who drives it.

supervisord drives it where the plugin is loaded, so it goes on when this client ends; otherwise this process does.
"""

import contextlib
import time
from collections.abc import Collection, Sequence

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import process_directory, process_environ
from aiohttp_fleet.common.waiting import POLL
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.operate.observe import observe
from aiohttp_fleet.supervision.preflight import preflight
from aiohttp_fleet.supervision.restart_steps import KILL, RestartReport, RollingRestart, WorkerRestart, report_of
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord, Unanswered
from aiohttp_fleet.worker.arguments import CHECK


def select_workers(fleet: Fleet, names: Sequence[str]) -> tuple[list[Worker], list[str]]:
    """Return the workers that are named, all for no names, and the names that no worker has.

    Args:
        fleet: the fleet.
        names: such as ``web2`` or ``aiohttp:web2``.
    """
    known = {name: worker for worker in fleet.workers for name in (worker.name, worker.namespec)}
    unknown = [name for name in names if name not in known]
    wanted = {known[name].name for name in names if name in known}
    return [worker for worker in fleet.workers if not names or worker.name in wanted], unknown


def restart_order(workers: Sequence[Worker], ready: Collection[str]) -> list[Worker]:
    """Return the workers in the order of a restart: first those that do not serve anyway, then by number.

    Args:
        workers: the workers to restart, by number.
        ready: names of the workers that are ready.
    """
    return sorted(workers, key=lambda worker: worker.name in ready)


def has_spare(fleet: Fleet, workers: Sequence[Worker], ready: Collection[str]) -> bool:
    """Whether at least one ready process remains while each of the workers restarts."""
    if fleet.standby and fleet.standby.name in ready:
        return True
    serving = [worker for worker in fleet.workers if worker.name in ready]
    return len(serving) > 1 or not any(worker in serving for worker in workers)


def plan_restart(fleet: Fleet, supervisord: Supervisord, workers: Sequence[Worker]) -> list[Worker]:
    """Return the workers in the order in which they are to be restarted; try the new code, unless a template will.

    Changes nothing.

    Raises:
        FleetError: the code cannot be built, or no process would serve in the meantime.
    """
    if not supervisord.has_templates():
        pid = supervisord.pid()
        preflight(workers[0], process_environ(pid), directory=process_directory(pid))
    ready = {row.name for row in observe(fleet, supervisord) if row.ready}
    if not has_spare(fleet, workers, ready):
        step = "start another worker or the standby first, see fleet status"
        raise FleetError(fleet.program, "no other worker is ready; restarting now would cause downtime", step)
    return restart_order(workers, ready)


class RemoteRestart:
    """A rolling restart that supervisord drives.

    Args:
        supervisord: it drives it.
        owner: the command that started it.

    Attributes:
        is_detached: whether it goes on when this process ends.
    """

    is_detached = True

    def __init__(self, supervisord: Supervisord, owner: str) -> None:
        self._supervisord = supervisord
        self._owner = owner

    def poll(self) -> RestartReport:
        """Return the report.

        Raises:
            FleetError: supervisord does not answer, or does not know this restart any more.
        """
        report = report_of(self._supervisord.restart_report() or {})
        if report.owner != self._owner:
            reason = "supervisord does not know it any more: it was reloaded, or another restart was started"
            raise FleetError(self._owner, reason, "see fleet status")
        return report

    def cancel(self) -> None:
        """End it as soon as no worker is stopped."""
        self._supervisord.cancel_restart()


Run = RollingRestart | RemoteRestart
"""A rolling restart, whichever process drives it."""


def start_restart(
    supervisord: Supervisord,
    workers: Sequence[Worker],
    timeout: float,
    check: str,
    owner: str,
    detached: bool = False,
    is_new: bool = True,
) -> Run:
    """Start a rolling restart, in supervisord where it can.

    Args:
        supervisord: it runs the workers.
        workers: in order.
        timeout: seconds that each gets to become ready.
        check: path of a GET through each one's own socket, answered with a status below 400; empty for none.
        owner: the command that starts it, such as ``fleet restart (pid 42)``.
        detached: whether it has to go on when this process ends.
        is_new: whether they get the code that is there now; False for that of the template that there is.

    Raises:
        FleetError: one is running, supervisord cannot do it, or does not answer.
    """
    patient = supervisord.patient(max(worker.stopwaitsecs for worker in workers) + KILL + timeout + CHECK)
    if running_restart(supervisord) is None:
        if detached:
            raise _without_plugin(supervisord)
        return RollingRestart(patient, workers, timeout, check, owner)
    with contextlib.suppress(Unanswered):  # the first report says whether it has started
        supervisord.start_restart([worker.namespec for worker in workers], timeout, check, owner, is_new)
    return RemoteRestart(patient, owner)


def attach_restart(fleet: Fleet, supervisord: Supervisord) -> RemoteRestart:
    """Return the rolling restart that runs in supervisord, or the last one.

    Raises:
        FleetError: there was none, or supervisord cannot do it.
    """
    report = running_restart(supervisord)
    if report is None:
        raise _without_plugin(supervisord)
    if not report.workers:
        raise FleetError(fleet.program, "there was no rolling restart since supervisord was started", "fleet restart")
    patience = max(worker.stopwaitsecs for worker in fleet.served) + KILL
    return RemoteRestart(supervisord.patient(patience), report.owner)


def running_restart(supervisord: Supervisord) -> RestartReport | None:
    """Return the rolling restart in supervisord, or the last one, without workers when there was none.

    None where supervisord cannot do it.

    Raises:
        FleetError: supervisord does not answer.
    """
    struct = supervisord.restart_report()
    return None if struct is None else report_of(struct)


def require_no_restart(fleet: Fleet, supervisord: Supervisord) -> None:
    """Make sure that no rolling restart runs in supervisord.

    Raises:
        FleetError: one runs.
    """
    report = running_restart(supervisord)
    if report and report.is_running:
        reason = f"a rolling restart is running (by {report.owner}; {report.remaining[0]} is {report.step})"
        raise FleetError(fleet.program, reason, "fleet restart --attach shows it, fleet restart --cancel ends it")


def wait_ready(supervisord: Supervisord, worker: Worker, timeout: float) -> str:
    """Wait until a worker is ready; return why it is not, empty when it is.

    Args:
        supervisord: it knows the worker's pid.
        worker: the worker.
        timeout: seconds.

    Raises:
        FleetError: supervisord does not answer.
    """
    steps = WorkerRestart(supervisord.patient(timeout), worker, timeout).wait_ready()
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return str(ended.value)
        time.sleep(POLL)


def _without_plugin(supervisord: Supervisord) -> FleetError:
    plugin = supervisord.plugin() or {"missing": ["supervisord has no [rpcinterface:fleet]"]}
    reason = f"only supervisord can drive a restart without its client ({'; '.join(plugin.get('missing', ()))})"
    return FleetError("fleet restart", reason, "see the shipped supervisord.conf, then restart supervisord")
