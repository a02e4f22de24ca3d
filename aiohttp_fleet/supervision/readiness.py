"""Whether a worker serves, asked without waiting: supervisord's main loop may run this."""

import contextlib
import time
from collections.abc import Generator
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.supervision.control_client import BLOCKED, Unresponsive, send_query

QUERY = 1.0
"""Seconds for the answer of a control socket."""
HEAD = 4096
"""Bytes in which the status line has to be."""


def ready_since(path: str, pid: int) -> float | None:
    """Return when process `pid` published its socket, in seconds since the epoch; None while it does not serve there.

    Args:
        path: the socket.
        pid: the process that has to listen on it.
    """
    with contextlib.suppress(OSError):
        return Path(path).stat().st_ctime if pid and peer(path, wait=False).pid == pid else None
    return None


def why_not_served(path: str, pid: int, wait: bool = False) -> str:
    """Say why process `pid` does not serve a socket; empty when it does.

    Args:
        path: the socket.
        pid: the process that has to listen on it.
        wait: whether to wait while the backlog is full.
    """
    try:
        owner = peer(path, wait).pid
    except FileNotFoundError:
        return "its socket is not there yet"
    except OSError as error:
        return f"its socket does not answer ({error.strerror})"
    return "" if owner == pid else f"its socket is served by pid {owner}"


def get_status(path: str, target: str, seconds: float) -> Generator[None, None, int]:
    """GET a target through a socket and return the status; yields while there is no answer.

    Args:
        path: the socket.
        target: the request's target, such as ``/health``.
        seconds: the deadline.

    Raises:
        Unresponsive: it is not answered in time.
        FleetError: nothing listens there, or the answer is not HTTP.
    """
    deadline, head = time.monotonic() + seconds, b""
    with contextlib.closing(send_query(path, seconds, target)) as connection:
        connection.sock.setblocking(False)
        while b"\r\n" not in head:
            try:
                data = connection.sock.recv(HEAD)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Unresponsive(path, f"no answer in {seconds:g} s", BLOCKED) from None
                yield
            except OSError as error:
                raise FleetError(path, str(error.strerror), "see its log") from None
            else:
                head += data
                if not data or len(head) > HEAD:
                    break
    status = head.split(None, 2)[1:2]
    if not (head.startswith(b"HTTP/") and status and status[0].isdigit()):
        raise FleetError(path, "the answer is not HTTP", "see its log")
    return int(status[0])


def why_not_ready(path: str, control: str, pid: int) -> Generator[None, None, str]:
    """Say why process `pid` is not ready to serve; empty when it is. Yields while its control socket is asked.

    Ready is a process that listens on its path and whose event loop answers on its control socket. A process that has
    no control socket is ready when it listens.

    Args:
        path: its socket.
        control: its control socket.
        pid: the process.
    """
    reason = why_not_served(path, pid)
    if reason or why_not_served(control, pid):
        return reason
    try:
        yield from get_status(control, "/", QUERY)
    except Unresponsive:
        return BLOCKED
    except FleetError as error:
        return error.reason
    return ""
