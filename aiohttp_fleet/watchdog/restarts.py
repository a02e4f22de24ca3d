"""Restarts of workers that are well: they are drained first, so each takes a while, and the watch goes on meanwhile."""

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

VALID = 10.0
"""Seconds that a preflight is valid."""
READY = 60.0
"""Seconds that the new worker gets to become ready."""
OWNER = "the watchdog"


class Restarts:
    """One restart at a time, in two steps; between them a new snapshot is taken and everything is decided again.

    The first step is a preflight, because a broken checkout must not cost a worker that works.

    Args:
        notifier: reports what fails.
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

    def advance(self, worker: Worker, fleet: Fleet, supervisord: Supervisord) -> bool:
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
            self._thread = threading.Thread(target=self._run, args=step, daemon=True)
        self._thread.start()
        return is_restart

    def _run(self, worker: Worker, supervisord: Supervisord, is_restart: bool, lock: ExitStack) -> None:
        with lock:
            try:
                if is_restart:
                    _restart(worker, supervisord)
                else:
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
    run = start_restart(supervisord, [worker], READY, "", OWNER)
    while (report := run.poll()).is_running:
        time.sleep(POLL)
    for done in report.restarted:
        if not done.ok:
            raise FleetError(worker.namespec, f"restarted, but {done.reason}", "see its log")
