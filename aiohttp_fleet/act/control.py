"""A worker's control site, asked."""

import http.client
import json
from contextlib import closing

from aiohttp_fleet.act.unix_http import UnixConnection
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.health import Health

TIMEOUT = 2.0
"""Seconds; the answer needs one turn of the worker's event loop."""


def ask(control: str, seconds: float = TIMEOUT) -> Health:
    """Return what the worker says of itself.

    Args:
        control: path of its control site.
        seconds: how long to wait for the answer.

    Raises:
        FleetError: it does not answer; the reason says whether nobody is there or its event loop is blocked.
    """
    with closing(question(control, seconds)) as connection:
        return answer(control, connection)


def question(control: str, seconds: float = TIMEOUT) -> UnixConnection:
    """Ask the same without waiting: ``connection.sock`` becomes readable when the answer is there.

    Raises:
        FleetError: nobody is there to be asked.
    """
    connection = UnixConnection(control, seconds)
    try:
        connection.request("GET", "/")
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _no_answer(control, error) from None
    return connection


def answer(control: str, connection: UnixConnection) -> Health:
    """Return the answer to a `question`.

    Raises:
        FleetError: it did not come in the question's seconds, or is none.
    """
    try:
        return Health(**json.loads(connection.getresponse().read()))
    except TimeoutError:
        reason = f"no answer in {connection.timeout:g} s"
        raise FleetError(control, reason, "its event loop is blocked, or it is stopped") from None
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        raise _no_answer(control, error) from None


def _no_answer(control: str, error: Exception) -> FleetError:
    reason = f"its control site does not answer ({getattr(error, 'strerror', None) or error!r})"
    return FleetError(control, reason, "see its log")
