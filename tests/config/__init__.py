"""Tests of aiohttp_fleet.config."""
