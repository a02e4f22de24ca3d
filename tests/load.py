"""Load on raw connections: no request is sent again, and every one without the right response is counted."""

import asyncio

from aiohttp_fleet_drill.client import load
from aiohttp_fleet_drill.tally import Tally

__all__ = ["answered_more", "load"]


async def answered_more(tally: Tally, count: int, seconds: float = 20) -> None:
    """Wait until ``count`` further requests have been answered."""
    goal = tally.answered + count
    async with asyncio.timeout(seconds):
        while tally.answered < goal:
            await asyncio.sleep(0.01)
