"""Tests of aiohttp_fleet.nginx.static."""
