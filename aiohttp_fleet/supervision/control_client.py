"""What workers report on their control sockets, and how they are asked."""

import http.client
import json
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.worker.arguments import FORMAT

TIMEOUT = 2.0
"""Seconds; the answer needs one turn of the worker's event loop."""
LATE = 0.01
"""Seconds for an answer that is read when the time for all of them is over."""
BLOCKED = "its event loop is blocked, or it is stopped"
"""What is wrong with an `Unresponsive` worker."""


@dataclass(frozen=True)
class Health:
    """One answer of a control socket; its JSON has these names.

    Attributes:
        state: ``starting``, ``ready`` or ``draining``.
        pid: process id.
        name: supervisord's process_name, such as ``web1``.
        app: the application, ``MODULE:NAME``.
        version: of the kit.
        forked: whether it was forked from a template, not executed.
        uptime: seconds since the worker began to start.
        lag: seconds; the longest delay of the event loop in the last ten seconds.
        requests: requests begun since the start.
        in_flight: connections with a request in flight.
        connections: open connections, idle ones included.
        websockets: open websockets.
        memory: bytes of resident memory, pages that it shares included.
        format: the format of the answer, `FORMAT`.
        shares: what it shares with the template: ``application`` or ``libraries``; empty when it was executed.
    """

    state: str
    pid: int
    name: str = ""
    app: str = ""
    version: str = ""
    forked: bool = False
    uptime: float = 0.0
    lag: float = 0.0
    requests: int = 0
    in_flight: int = 0
    connections: int = 0
    websockets: int = 0
    memory: int = 0
    format: int = FORMAT
    shares: str = ""


def read_health(answer: Mapping[str, Any]) -> Health:
    """Read the answer of a worker of any version; unknown fields are ignored, missing or null ones get defaults.

    Raises:
        TypeError: state or pid is missing, or it is no JSON object.
        ValueError: its format is a later one.
    """
    names = {field.name for field in fields(Health)}
    health = Health(**{name: value for name, value in dict(answer).items() if name in names and value is not None})
    if health.format > FORMAT:
        raise ValueError(f"format {health.format}, this kit reads up to {FORMAT}")
    return health


class Unresponsive(FleetError):
    """The worker has the query and does not answer: its event loop is blocked, or the process is stopped."""


def query_all(controls: Iterable[str], seconds: float = TIMEOUT) -> dict[str, Health | FleetError]:
    """Query many workers at once; those that do not answer cost one timeout together, not one each.

    Args:
        controls: paths of control sockets.
        seconds: how long to wait for all answers.

    Returns:
        For each path what `read_answer` returns, or `send_query` or `read_answer` would raise.
    """
    found: dict[str, Health | FleetError] = {}
    deadline = time.monotonic() + seconds
    with ExitStack() as stack:
        queried: dict[str, UnixConnection] = {}
        for control in controls:
            try:
                queried[control] = stack.enter_context(closing(send_query(control, seconds)))
            except FleetError as error:
                found[control] = error
        for control, connection in queried.items():
            connection.sock.settimeout(max(deadline - time.monotonic(), LATE))
            try:
                found[control] = read_answer(control, connection)
            except FleetError as error:
                found[control] = error
    return found


def send_query(control: str, seconds: float = TIMEOUT, path: str = "/") -> UnixConnection:
    """Send a query without waiting for the answer: ``connection.sock`` becomes readable when it is there.

    Args:
        control: path of the control socket.
        seconds: how long to wait for the answer.
        path: ``/`` asks for the health.

    Raises:
        Unresponsive: its backlog is full of unanswered queries.
        FleetError: nothing listens there.
    """
    connection = UnixConnection(control, seconds)
    try:
        connection.request("GET", path)
    except BlockingIOError:  # a full backlog (unix(7)); queries that timed out are still in it
        connection.close()
        raise _unresponsive(control, "it accepts no more queries") from None
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _no_answer(control, error) from None
    return connection


def read_answer(control: str, connection: UnixConnection) -> Health:
    """Return the answer to a `send_query`.

    Raises:
        Unresponsive: it did not come in time.
        FleetError: it cannot be read.
    """
    try:
        return read_health(json.loads(connection.getresponse().read()))
    except TimeoutError:
        raise _unresponsive(control, f"no answer in {connection.timeout:g} s") from None
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        raise _no_answer(control, error) from None


def _unresponsive(control: str, reason: str) -> Unresponsive:
    return Unresponsive(control, reason, BLOCKED)


def _no_answer(control: str, error: Exception) -> FleetError:
    reason = f"its control socket does not answer ({getattr(error, 'strerror', None) or error!r})"
    return FleetError(control, reason, "see its log")
