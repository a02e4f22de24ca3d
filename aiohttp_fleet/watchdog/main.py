"""The watch: take a snapshot, decide, act through supervisord; twice a second."""

import os
import signal
import sys
import time

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.common.waiting import wait_until
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord, supervisord_of
from aiohttp_fleet.watchdog.arguments import Options, parse
from aiohttp_fleet.watchdog.config import WatchedConfig
from aiohttp_fleet.watchdog.decide import Memory, decide
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.probe import Prober
from aiohttp_fleet.watchdog.restarts import Restarts
from aiohttp_fleet.watchdog.state import Action, ActionKind, Budget

PERIOD = 0.5
"""Seconds from one snapshot to the next."""
TIMEOUT = 1.0
"""Seconds that a hung worker gets to write its stacks and end."""


def main(argv: list[str]) -> int:
    """Watch until SIGTERM, or until supervisord is gone.

    Args:
        argv: the command line, without the program's name.

    Returns:
        The exit code: 0, or 1 when it could not start; one line on stderr says why.
    """
    options = parse(argv)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: sys.exit(0))
    try:
        _watch(options)
    except FleetError as error:
        log_line(str(error))
        return 1
    return 0


def _watch(options: Options) -> None:
    parent = os.getppid()
    notifier = Notifier(options.program, options.notify, options.webhook)
    conf = WatchedConfig(options.conf, options.program, notifier)
    restarts = Restarts(notifier, options.retry)
    executor = Executor(notifier, restarts, Budget(options.budget))
    prober, memory = Prober(), Memory()
    log_line(f"watching {len(conf.fleet().served)} workers of {options.program}")
    try:
        while os.getppid() == parent:  # the next supervisord starts a watchdog of its own
            again = time.monotonic() + PERIOD
            fleet = conf.fleet()
            supervisord = supervisord_of(fleet)
            try:
                snapshot = prober.probe(fleet, supervisord.processes(), PERIOD)
            except FleetError as error:
                notifier.problem("supervisord", str(error))
            else:
                notifier.fine("supervisord")
                left = executor.budget.left(snapshot.at)
                actions, memory = decide(snapshot, memory, options, left, restarts.is_busy)
                for action in actions:
                    executor.run(action, fleet, supervisord)
            time.sleep(max(again - time.monotonic(), 0))
    finally:
        prober.close()
        restarts.finish()


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
