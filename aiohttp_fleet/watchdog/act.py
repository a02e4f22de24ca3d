"""What the watchdog does, through supervisord: it knows the pids, and whom it may start."""

import time

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.watchdog.budget import Budget
from aiohttp_fleet.watchdog.decide import Action, ActionKind
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.restarts import Restarts

TIMEOUT = 1.0
"""Seconds that a hung worker gets to write its stacks and end."""


class Executor:
    """Does what was decided, and keeps account of it.

    Args:
        teller: who is told.
        restarts: who restarts workers that have to be drained first.
        budget: what there is to spend.
    """

    def __init__(self, teller: Notifier, restarts: Restarts, budget: Budget) -> None:
        self.budget = budget
        self._teller = teller
        self._restarts = restarts

    def do(self, act: Action, fleet: Fleet, supervisord: Supervisord) -> None:
        """Do one thing; what goes wrong is told."""
        worker = act.sight.worker
        if act.verb in (ActionKind.RECYCLE, ActionKind.REFRESH):
            begun = self._restarts.advance(worker, act.sight.pid, fleet, supervisord)
            if not begun:
                return
        if act.event:
            self._teller.tell(act.event, worker.name, act.reason)
        if act.verb in (ActionKind.RECYCLE, ActionKind.KILL):
            self.budget = self.budget.spend(time.monotonic())
        try:
            if act.verb is ActionKind.START:
                supervisord.start(worker.namespec)
            elif act.verb is ActionKind.KILL:
                kill(supervisord, worker.namespec, act.sight.pid)
        except FleetError as error:
            self._teller.trouble(worker.name, str(error))


def kill(supervisord: Supervisord, namespec: str, pid: int) -> None:
    """End a hung worker: ABRT writes all stacks into its log, CONT lets a stopped one get to that, KILL is the end.

    Args:
        supervisord: it starts the worker again.
        namespec: the worker.
        pid: of the process that is hung.

    Raises:
        FleetError: supervisord does not answer.
    """
    for name in ("ABRT", "CONT"):
        supervisord.signal(namespec, name)
    if not wait_until(lambda: supervisord.process(namespec)["pid"] != pid, TIMEOUT):
        supervisord.signal(namespec, "KILL")
