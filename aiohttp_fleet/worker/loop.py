"""Which event loop serves."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable

from aiohttp_fleet.common.errors import FleetError


def loop_factory(name: str | None) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return the function that makes the event loop.

    Args:
        name: ``uvloop`` or ``asyncio``; None takes uvloop where it is installed.

    Raises:
        FleetError: uvloop was asked for and is not installed.
    """
    if name == "asyncio" or (name is None and importlib.util.find_spec("uvloop") is None):
        return asyncio.new_event_loop
    try:
        import uvloop
    except ImportError:
        step = f"{sys.executable} -m pip install uvloop, or --loop=asyncio"
        raise FleetError("--loop=uvloop", "uvloop is not installed", step) from None
    return uvloop.new_event_loop
