"""Tests of aiohttp_fleet/act."""
