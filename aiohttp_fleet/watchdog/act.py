"""What the watchdog does, through supervisord, which knows the pids and starts every process again.

A worker that is well is drained before its restart: that takes a while, and the watch goes on meanwhile.
"""

import os
import threading
import time
from contextlib import ExitStack

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import process_environ
from aiohttp_fleet.common.waiting import POLL, wait_until
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.operate.start_restart import require_no_restart, start_restart
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.supervision.preflight import preflight
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.state import Action

VALID = 10.0
"""Seconds that a preflight is valid."""
READY = 60.0
"""Seconds that the new worker gets to become ready."""
OWNER = "the watchdog"
TIMEOUT = 1.0
"""Seconds that a hung worker gets to write its stacks and end."""


class Executor:
    """Does what was decided.

    One restart at a time, in two steps; between them a new snapshot is taken and everything is decided again. The
    first step is a preflight, because a broken checkout must not cost a worker that works.

    Args:
        notifier: reports what is done, and what fails.
        retry: seconds to wait when a preflight or a restart has failed.
    """

    def __init__(self, notifier: Notifier, retry: float) -> None:
        self._notifier = notifier
        self._retry = retry
        self._thread = threading.Thread()
        self._not_before = 0.0
        self._checked: tuple[Worker, float] | None = None
        self._stopped: set[str] = set()  # stays empty where supervisord itself drives the restart

    @property
    def is_busy(self) -> bool:
        """Whether a step is running, or has failed a short while ago."""
        return self._thread.is_alive() or time.monotonic() < self._not_before

    def run(self, action: Action, fleet: Fleet, supervisord: Supervisord) -> bool:
        """Do one thing, and return whether it counts against the budget; an error is reported."""
        worker = action.snapshot.worker
        if action.kind in ("recycle", "refresh") and not self._advance(worker, fleet, supervisord):
            return False
        if action.event:
            self._notifier.notify(action.event, worker.name, action.reason)
        try:
            if action.kind == "start":
                supervisord.start(worker.namespec)
            elif action.kind == "kill":
                _kill(supervisord, worker.namespec, action.snapshot.pid)
        except FleetError as error:
            self._notifier.problem(worker.name, str(error))
        return action.kind in ("recycle", "kill")

    def _advance(self, worker: Worker, fleet: Fleet, supervisord: Supervisord) -> bool:
        """Start the next step for a worker; return whether that is the restart itself.

        Nothing is started while another command changes the fleet, or supervisord does not answer.
        """
        checked, at = self._checked or (None, 0.0)
        is_restart = checked == worker and time.monotonic() - at < VALID
        with ExitStack() as lock:
            try:
                lock.enter_context(exclusive_lock(fleet, OWNER))
                require_no_restart(fleet, supervisord)
            except FleetError:
                return False
            self._checked, self._stopped = None, supervisord.stopped
            step = (worker, supervisord, is_restart, lock.pop_all())
            self._thread = threading.Thread(target=self._step, args=step, daemon=True)
        self._thread.start()
        return is_restart

    def _step(self, worker: Worker, supervisord: Supervisord, is_restart: bool, lock: ExitStack) -> None:
        with lock:
            try:
                if is_restart:
                    _restart(worker, supervisord)
                else:
                    if not supervisord.has_templates():
                        preflight(worker, process_environ(os.getppid()))
                    self._checked = worker, time.monotonic()
            except FleetError as error:
                self._not_before = time.monotonic() + self._retry
                self._notifier.problem(worker.name, str(error), event="not-restarted")
            else:
                self._notifier.fine(worker.name)

    def finish(self) -> None:
        """Wait until a worker that this process has stopped is started again."""
        wait_until(lambda: not (self._thread.is_alive() and self._stopped), READY)


def _restart(worker: Worker, supervisord: Supervisord) -> None:
    run = start_restart(supervisord, [worker], READY, "", OWNER, is_new=False)
    while (report := run.poll()).is_running:
        time.sleep(POLL)
    for done in report.restarted:
        if not done.ok:
            raise FleetError(worker.namespec, f"restarted, but {done.reason}", "see its log")


def _kill(supervisord: Supervisord, namespec: str, pid: int) -> None:
    """End a hung worker: ABRT writes all stacks into its log, CONT lets a stopped one do that, KILL is the end.

    Args:
        supervisord: it starts the worker again.
        namespec: the worker.
        pid: of the process that hangs.

    Raises:
        FleetError: supervisord does not answer.
    """
    for name in ("ABRT", "CONT"):
        supervisord.signal(namespec, name)
    if not wait_until(lambda: supervisord.process(namespec)["pid"] != pid, TIMEOUT):
        supervisord.signal(namespec, "KILL")
