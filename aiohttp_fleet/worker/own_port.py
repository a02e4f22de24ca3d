"""Name a program that opens its port by itself: it serves, but not through aiohttp.web, and would do so for ever."""

import contextlib
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.program import SERVE, place

SECONDS = 5.0
"""From its port to the hand-over; a program may have a second port, such as one for metrics."""


def watch_ports(app: str) -> Callable[[], None]:
    """End this process some seconds after it has opened a port, with the place in a line.

    Args:
        app: what the program is called.

    Returns:
        What ends the watch: the program serves, in this process or in forks of it.
    """
    has_served = threading.Event()
    sys.addaudithook(partial(_hear, app, has_served))
    return has_served.set


def _hear(app: str, has_served: threading.Event, event: str, arguments: tuple[Any, ...]) -> None:
    """https://docs.python.org/3/library/audit_events.html, socket.bind."""
    if event != "socket.bind" or has_served.is_set():
        return
    sock = arguments[0]
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
        return
    where = place(traceback.extract_stack())
    reason = f"{where}opens port {arguments[1][1]}, and nothing is served by aiohttp.web in {SECONDS:g} s"
    timer = threading.Timer(SECONDS, _end, [FleetError(app, reason, SERVE), sock, has_served])
    timer.daemon = True
    timer.start()


def _end(error: FleetError, sock: socket.socket, has_served: threading.Event) -> None:
    with contextlib.suppress(OSError):  # it is closed
        if not has_served.is_set() and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            log_line(str(error))
            os._exit(1)
