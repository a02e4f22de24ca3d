"""What the watchdog does, through supervisord, which knows the pids and starts every process again."""

import time

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.restarts import Restarts
from aiohttp_fleet.watchdog.state import Action, ActionKind, Budget

TIMEOUT = 1.0
"""Seconds that a hung worker gets to write its stacks and end."""


class Executor:
    """Does what was decided, and counts it against the budget.

    Args:
        notifier: reports what is done.
        restarts: restarts workers that have to be drained first.
        budget: what may be done.
    """

    def __init__(self, notifier: Notifier, restarts: Restarts, budget: Budget) -> None:
        self.budget = budget
        self._notifier = notifier
        self._restarts = restarts

    def run(self, action: Action, fleet: Fleet, supervisord: Supervisord) -> None:
        """Do one thing; an error is reported."""
        worker, pid = action.snapshot.worker, action.snapshot.pid
        try:
            is_restart = action.kind in (ActionKind.RECYCLE, ActionKind.REFRESH)
            if is_restart and not self._restarts.advance(worker, fleet, supervisord):
                return
            if action.event:
                self._notifier.notify(action.event, worker.name, action.reason)
            if action.kind in (ActionKind.RECYCLE, ActionKind.KILL):
                self.budget = self.budget.spend(time.monotonic())
            if action.kind is ActionKind.START:
                supervisord.start(worker.namespec)
            elif action.kind is ActionKind.KILL:
                kill(supervisord, worker.namespec, pid)
        except FleetError as error:
            self._notifier.problem(worker.name, str(error))


def kill(supervisord: Supervisord, namespec: str, pid: int) -> None:
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
