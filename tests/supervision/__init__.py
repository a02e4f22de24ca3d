"""Tests of aiohttp_fleet.supervision."""
