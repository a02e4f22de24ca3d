"""Tests of aiohttp_fleet/worker."""
