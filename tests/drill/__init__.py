"""Tests of drill/aiohttp_fleet_drill."""
