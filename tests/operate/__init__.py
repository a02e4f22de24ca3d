"""Tests of aiohttp_fleet.operate."""
