"""``python -m aiohttp_fleet.watchdog``."""

import sys

from aiohttp_fleet.watchdog.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
