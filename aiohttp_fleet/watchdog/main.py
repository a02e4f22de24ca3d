"""The watch: look, decide, do, twice a second."""

import os
import signal
import sys
import time

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.supervision.supervisor_rpc import supervisord_of
from aiohttp_fleet.watchdog.act import Executor
from aiohttp_fleet.watchdog.arguments import Options, parse
from aiohttp_fleet.watchdog.budget import Budget
from aiohttp_fleet.watchdog.config import WatchedConfig
from aiohttp_fleet.watchdog.decide import Memory, decide
from aiohttp_fleet.watchdog.notify import Notifier
from aiohttp_fleet.watchdog.probe import Prober
from aiohttp_fleet.watchdog.restarts import Restarts

PERIOD = 0.5
"""Seconds from one look to the next."""


def main(argv: list[str]) -> int:
    """Watch until SIGTERM, or until supervisord is gone.

    Args:
        argv: the command line, without the program's name.

    Returns:
        The exit code: 0, or 1 when it could not begin; one line on stderr says why.
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
    teller = Notifier(options.program, options.notify, options.webhook)
    conf = WatchedConfig(options.conf, options.program, teller)
    restarts = Restarts(teller, options.retry)
    hands = Executor(teller, restarts, Budget(options.budget))
    eyes, memory = Prober(), Memory()
    log_line(f"watching {len(conf.fleet().served)} workers of {options.program}")
    try:
        while os.getppid() == parent:  # the next supervisord starts a watchdog of its own
            again = time.monotonic() + PERIOD
            fleet = conf.fleet()
            supervisord = supervisord_of(fleet)
            try:
                look = eyes.look(fleet, supervisord.processes(), PERIOD)
            except FleetError as error:
                teller.trouble("supervisord", str(error))
            else:
                teller.fine("supervisord")
                acts, memory = decide(look, memory, options, hands.budget.left(look.at), restarts.is_busy)
                for act in acts:
                    hands.do(act, fleet, supervisord)
            time.sleep(max(again - time.monotonic(), 0))
    finally:
        eyes.close()
        restarts.finish()
