"""A worker's control site, asked."""

import http.client
import json
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.supervision.health import Health

TIMEOUT = 2.0
"""Seconds; the answer needs one turn of the worker's event loop."""
SOON = 0.01
"""Seconds for an answer that has had all the time of the others."""


class Unresponsive(FleetError):
    """It has the question, and does not answer: its event loop is blocked, or it is stopped."""


def query(control: str, seconds: float = TIMEOUT) -> Health:
    """Return what the worker says of itself.

    Args:
        control: path of its control site.
        seconds: how long to wait for the answer.

    Raises:
        FleetError: it does not answer; the reason says whether nobody is there or its event loop is blocked.
    """
    with closing(send_query(control, seconds)) as connection:
        return read_answer(control, connection)


def query_all(controls: Iterable[str], seconds: float = TIMEOUT) -> dict[str, Health | FleetError]:
    """Ask many at once; those that do not answer cost one timeout together, not one each.

    Args:
        controls: paths of control sites.
        seconds: how long to wait for all answers.

    Returns:
        For each path what `query` returns, or would raise.
    """
    found: dict[str, Health | FleetError] = {}
    deadline = time.monotonic() + seconds
    with ExitStack() as stack:
        asked: dict[str, UnixConnection] = {}
        for control in controls:
            try:
                asked[control] = stack.enter_context(closing(send_query(control, seconds)))
            except FleetError as error:
                found[control] = error
        for control, connection in asked.items():
            connection.sock.settimeout(max(deadline - time.monotonic(), SOON))
            try:
                found[control] = read_answer(control, connection)
            except FleetError as error:
                found[control] = error
    return found


def send_query(control: str, seconds: float = TIMEOUT, path: str = "/") -> UnixConnection:
    """Ask the same without waiting: ``connection.sock`` becomes readable when the answer is there.

    Args:
        control: path of its control site.
        seconds: how long to wait for the answer.
        path: ``/`` asks how it is.

    Raises:
        FleetError: nobody is there to be asked, or it has taken none of very many questions.
    """
    connection = UnixConnection(control, seconds)
    try:
        connection.request("GET", path)
    except BlockingIOError:  # a full backlog (unix(7)): those who gave up waiting are in it too
        connection.close()
        raise _silent(control, "it does not take any question") from None
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _no_answer(control, error) from None
    return connection


def read_answer(control: str, connection: UnixConnection) -> Health:
    """Return the answer to a `send_query`.

    Raises:
        FleetError: it did not come in the question's seconds, or is none.
    """
    try:
        return Health(**json.loads(connection.getresponse().read()))
    except TimeoutError:
        raise _silent(control, f"no answer in {connection.timeout:g} s") from None
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        raise _no_answer(control, error) from None


def _silent(control: str, reason: str) -> Unresponsive:
    return Unresponsive(control, reason, "its event loop is blocked, or it is stopped")


def _no_answer(control: str, error: Exception) -> FleetError:
    reason = f"its control site does not answer ({getattr(error, 'strerror', None) or repr(error)})"
    return FleetError(control, reason, "see its log")
