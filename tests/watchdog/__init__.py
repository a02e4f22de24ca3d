"""Tests of aiohttp_fleet/watchdog."""
