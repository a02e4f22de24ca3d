"""Tests mirror aiohttp_fleet/; behaviour is tested on real daemons, see tests/site.py."""
