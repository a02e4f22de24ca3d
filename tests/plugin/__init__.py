"""Tests of aiohttp_fleet/plugin, inside a real supervisord."""
