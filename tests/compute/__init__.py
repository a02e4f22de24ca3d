"""Tests of aiohttp_fleet/compute."""
