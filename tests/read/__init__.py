"""Tests of aiohttp_fleet/read."""
