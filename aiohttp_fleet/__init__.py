"""Run any aiohttp application as N processes under supervisord behind nginx, and restart them without a failed request.

The command is ``fleet`` (``aiohttp_fleet.cli``), the process is ``python -m aiohttp_fleet.worker``. There is
no API to import: an application needs to know nothing of this package.
"""

__version__ = "0.1.0"
