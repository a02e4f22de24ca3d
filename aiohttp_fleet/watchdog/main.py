"""The watch: take a snapshot, decide, act; twice a second."""

import os
import signal
import sys
import time

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of
from aiohttp_fleet.watchdog.act import Executor
from aiohttp_fleet.watchdog.arguments import Options, parse
from aiohttp_fleet.watchdog.config import WatchedConfig
from aiohttp_fleet.watchdog.decide import Memory, decide
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.probe import Prober
from aiohttp_fleet.watchdog.restarts import Restarts
from aiohttp_fleet.watchdog.state import Budget

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
