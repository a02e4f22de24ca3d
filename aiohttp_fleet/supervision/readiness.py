"""Whether a worker serves, asked without ever blocking: supervisord's main loop may run this."""

import contextlib
import socket
import time
from collections.abc import Generator
from pathlib import Path

from aiohttp_fleet.common.unix_peer import peer_of

QUERY = 1.0
"""Seconds for the answer of a control socket."""
_REQUEST = "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def ready_since(path: str, pid: int) -> float | None:
    """Return when process `pid` published its socket, in seconds since the epoch; None while it does not serve there.

    Args:
        path: the socket.
        pid: the process that has to listen on it (unix(7), SO_PEERCRED).
    """
    with contextlib.suppress(OSError):
        return Path(path).stat().st_ctime if pid and _listener(path) == pid else None
    return None


def get_status(path: str, target: str, seconds: float) -> Generator[None, None, int]:
    """GET a target through a socket and return the status; yields while there is no answer.

    Args:
        path: the socket.
        target: the request's target, such as ``/health``.
        seconds: the deadline.

    Raises:
        OSError: it is not answered.
    """
    deadline, head = time.monotonic() + seconds, b""
    with _connected(path) as sock:
        sock.sendall(_REQUEST.format(target).encode())
        while b"\r\n" not in head:
            try:
                data = sock.recv(4096)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"no answer in {seconds:g} s") from None
                yield
            else:
                if not data:
                    raise ConnectionError("the connection was closed")
                head += data
    try:
        return int(head.split(None, 2)[1])
    except (IndexError, ValueError):
        raise ConnectionError("the answer is not HTTP") from None


def why_not_ready(path: str, control: str, pid: int) -> Generator[None, None, str]:
    """Say why process `pid` is not ready to serve; empty when it is. Yields while its control socket is asked.

    Ready is a process that listens on its path and whose event loop answers on its control socket. A process that has
    no control socket is ready when it listens.

    Args:
        path: its socket.
        control: its control socket.
        pid: the process.
    """
    try:
        if (owner := _listener(path)) != pid:
            return f"its socket is served by pid {owner}"
    except FileNotFoundError:
        return "its socket is not there yet"
    except OSError as error:
        return f"its socket does not answer ({error.strerror})"
    try:
        if ready_since(control, pid):
            yield from get_status(control, "/", QUERY)
    except TimeoutError:
        return "its event loop is blocked, or it is stopped"
    except OSError as error:
        return f"its control socket does not answer ({error})"
    return ""


def _listener(path: str) -> int:
    with _connected(path) as sock:
        return peer_of(sock).pid


def _connected(path: str) -> socket.socket:
    """Connect at once or fail: a full backlog is an error (EAGAIN, unix(7))."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock
