"""Tests of aiohttp_fleet/verbs."""
