"""Tests of aiohttp_fleet/drill."""
