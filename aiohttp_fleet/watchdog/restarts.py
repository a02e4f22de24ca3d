"""Restarts of workers that are well: slow, because they are drained, so on a thread beside the watch."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import process_environ
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.operate.restart_worker import restart_worker
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.supervision.preflight import preflight
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.watchdog.notify import Notifier

PROVEN = 10.0
"""Seconds that a preflight is good for."""
READY = 60.0
"""Seconds that the new worker gets to become ready."""


class Restarts:
    """One restart at a time, in two steps; between them everything is seen and decided again.

    The first is a preflight, because a broken checkout must not cost a worker that works.

    Args:
        teller: who is told.
        retry: seconds to wait when a preflight or a restart has failed.
    """

    def __init__(self, teller: Notifier, retry: float) -> None:
        self._teller = teller
        self._retry = retry
        self._thread: threading.Thread | None = None
        self._not_before = 0.0
        self._proven: tuple[Worker, float] | None = None
        self._is_back: Callable[[], bool] = lambda: True

    @property
    def is_busy(self) -> bool:
        """Whether one is going on, or has failed a short while ago."""
        return self._is_going_on or time.monotonic() < self._not_before

    @property
    def _is_going_on(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def advance(self, worker: Worker, pid: int, fleet: Fleet, supervisord: Supervisord) -> bool:
        """Begin the next step for a worker, under the fleet's lock; return whether that is the restart itself."""
        proven, at = self._proven or (None, 0.0)
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive_lock(fleet, "the watchdog"))
            except FleetError:
                return False  # somebody is changing the fleet; its turn comes again
            begins = proven == worker and time.monotonic() - at < PROVEN
            self._is_back = lambda: not begins or supervisord.process(worker.namespec)["pid"] not in (0, pid)
            step = (lambda: _replace(supervisord, worker)) if begins else (lambda: self._prove(worker))
            self._thread = threading.Thread(target=self._do, args=(step, worker, stack.pop_all()), daemon=True)
        self._thread.start()
        return begins

    def _do(self, step: Callable[[], None], worker: Worker, lock: ExitStack) -> None:
        self._proven = None
        with lock:
            try:
                step()
            except FleetError as error:
                self._not_before = time.monotonic() + self._retry
                self._teller.trouble(worker.name, str(error), event="not-restarted")
            else:
                self._teller.fine(worker.name)

    def _prove(self, worker: Worker) -> None:
        preflight(worker, process_environ(os.getppid()))
        self._proven = worker, time.monotonic()

    def finish(self) -> None:
        """Wait until a worker that is away has been started again: whoever ends the watchdog must not cost one."""
        with contextlib.suppress(FleetError):  # supervisord is shutting down, or gone
            wait_until(lambda: not self._is_going_on or self._is_back(), READY)


def _replace(supervisord: Supervisord, worker: Worker) -> None:
    done = restart_worker(supervisord, worker, READY)
    if not done.ok:
        raise FleetError(worker.namespec, f"restarted, but {done.reason}", "see its log")
