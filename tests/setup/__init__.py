"""Tests of aiohttp_fleet.setup."""
