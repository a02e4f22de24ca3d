"""Name a program that opens its port by itself: it serves, but not through aiohttp.web, and would do so for ever."""

import os
import socket
import sys
import threading
import traceback
from functools import partial
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.program import SERVE, place

SECONDS = 5.0
"""From its port to the hand-over; a program may have a second port, such as one for metrics."""


def watch_ports(app: str) -> None:
    """End this process some seconds after it has opened a port, with the place in a line.

    Args:
        app: what the program is called.
    """
    sys.addaudithook(partial(_hear, app))


def _hear(app: str, event: str, arguments: tuple[Any, ...]) -> None:
    """https://docs.python.org/3/library/audit_events.html, socket.bind."""
    if event != "socket.bind" or arguments[0].family == socket.AF_UNIX:
        return
    where = place(traceback.extract_stack())
    reason = f"{where}opens port {arguments[1][1]}, and nothing is served by aiohttp.web in {SECONDS:g} s"
    timer = threading.Timer(SECONDS, _end, [FleetError(app, reason, SERVE)])
    timer.daemon = True
    timer.start()


def _end(error: FleetError) -> None:
    log_line(str(error))
    os._exit(1)
