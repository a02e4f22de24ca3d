"""Tests of aiohttp_fleet.nginx.site."""
