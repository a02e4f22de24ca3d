"""Restarts of workers that are well: they are drained first, so each takes a while, and the watch goes on meanwhile."""

import os
import threading
import time
from collections.abc import Callable
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
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._checked: tuple[Worker, float] | None = None
        self._supervisord: Supervisord | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a step is running, or has failed a short while ago."""
        return self._is_running or time.monotonic() < self._not_before

    @property
    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def advance(self, worker: Worker, fleet: Fleet, supervisord: Supervisord) -> bool:
        """Start the next step for a worker; return whether that is the restart itself.

        Nothing is started while another command changes the fleet.

        Raises:
            FleetError: supervisord does not answer.
        """
        checked, at = self._checked or (None, 0.0)
        is_restart = checked == worker and time.monotonic() - at < VALID
        with ExitStack() as lock:
            try:
                lock.enter_context(exclusive_lock(fleet, OWNER))
                require_no_restart(fleet, supervisord)
            except FleetError:
                return False
            step = (lambda: self._restart(worker, supervisord)) if is_restart else (lambda: self._check(worker))
            self._checked, self._supervisord = None, supervisord
            self._thread = threading.Thread(target=self._run, args=(step, worker, lock.pop_all()), daemon=True)
        self._thread.start()
        return is_restart

    def _run(self, step: Callable[[], None], worker: Worker, lock: ExitStack) -> None:
        with lock:
            try:
                step()
            except FleetError as error:
                self._not_before = time.monotonic() + self._retry
                self._notifier.problem(worker.name, str(error), event="not-restarted")
            else:
                self._notifier.fine(worker.name)

    def _check(self, worker: Worker) -> None:
        preflight(worker, process_environ(os.getppid()))
        self._checked = worker, time.monotonic()

    def _restart(self, worker: Worker, supervisord: Supervisord) -> None:
        run = start_restart(supervisord, [worker], READY, "", OWNER)
        while (report := run.poll()).is_running:
            time.sleep(POLL)
        for done in report.restarted:
            if not done.ok:
                raise FleetError(worker.namespec, f"restarted, but {done.reason}", "see its log")

    def finish(self) -> None:
        """Wait until a worker that this process has stopped is started again."""
        if self._supervisord:
            stopped = self._supervisord.stopped  # empty where supervisord itself drives the restart
            wait_until(lambda: not (self._is_running and stopped), READY)
