"""Tests of aiohttp_fleet.common."""
