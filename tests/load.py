"""Load on raw connections: no request is sent again, and every one without the right response is counted."""

import asyncio
import functools

from aiohttp_fleet_drill import client
from aiohttp_fleet_drill.tally import Tally

load = functools.partial(client.load, rate=1500)
"""The drill's load at the drill's rate: as fast as possible it would take all processor time from what is tested."""


async def answered_more(tally: Tally, count: int, seconds: float = 20) -> None:
    """Wait until ``count`` further requests have been answered."""
    goal = tally.answered + count
    async with asyncio.timeout(seconds):
        while tally.answered < goal:
            await asyncio.sleep(0.01)
