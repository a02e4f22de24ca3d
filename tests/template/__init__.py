"""Tests of aiohttp_fleet/template/, with templates that no supervisord has started."""
