"""A worker's control site, asked."""

import http.client
import json

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
    connection = UnixConnection(control, seconds)
    try:
        connection.request("GET", "/")
        return Health(**json.loads(connection.getresponse().read()))
    except TimeoutError:
        raise FleetError(
            control, f"no answer in {seconds:g} s", "its event loop is blocked, or it is stopped"
        ) from None
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        reason = f"its control site does not answer ({getattr(error, 'strerror', None) or error!r})"
        raise FleetError(control, reason, "see its log") from None
    finally:
        connection.close()
