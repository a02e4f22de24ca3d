"""``python -m aiohttp_fleet.worker``."""

import sys

from aiohttp_fleet.worker.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
