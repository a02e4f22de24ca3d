"""Tests of aiohttp_fleet.tls."""
