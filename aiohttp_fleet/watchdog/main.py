"""The watch: read supervisord.conf when it has changed, take a snapshot, decide, act; twice a second."""

import os
import signal
import sys
import time
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of
from aiohttp_fleet.watchdog.act import Executor
from aiohttp_fleet.watchdog.arguments import Options, parse
from aiohttp_fleet.watchdog.decide import Memory, decide
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.probe import Prober
from aiohttp_fleet.watchdog.state import Budget
from aiohttp_fleet.worker.process import set_title

PERIOD = 0.5
"""Seconds from one snapshot to the next."""


def main(argv: list[str]) -> int:
    """Watch until SIGTERM, or until supervisord is gone.

    Args:
        argv: the command line, without the program's name.

    Returns:
        The exit code: 0, or 1 when it could not start; one line on stderr says why.
    """
    options = parse(argv)
    set_title(os.environ.get("SUPERVISOR_PROCESS_NAME", ""))
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
    executor = Executor(notifier, options.retry)
    budget, prober, memory = Budget(options.budget), Prober(), Memory()
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
                actions, memory = decide(snapshot, memory, options, budget.left(snapshot.at), executor.is_busy)
                for action in actions:
                    if executor.run(action, fleet, supervisord):
                        budget = budget.spend(time.monotonic())
            time.sleep(max(again - time.monotonic(), 0))
    finally:
        prober.close()
        executor.finish()


class WatchedConfig:
    """The fleet as the file has it now.

    Args:
        path: supervisord.conf.
        program: the workers' program.
        notifier: reports that the file has a mistake in it.

    Raises:
        FleetError: it has one at the start.
    """

    def __init__(self, path: Path, program: str, notifier: Notifier) -> None:
        self._path = path.resolve()
        self._program = program
        self._notifier = notifier
        self._stamp = self._changed()
        self._fleet = read_fleet(self._path, program)

    def fleet(self) -> Fleet:
        """Return the fleet; the last good one while the file has a mistake in it."""
        if (stamp := self._changed()) != self._stamp:
            self._stamp = stamp
            try:
                self._fleet = read_fleet(self._path, self._program)
            except FleetError as error:
                self._notifier.problem(self._path.name, str(error))
            else:
                self._notifier.fine(self._path.name)
        return self._fleet

    def _changed(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:  # it is being replaced
            return 0
