"""``python -m aiohttp_fleet.template``; ends as the template, or goes on as a worker."""

import sys

from aiohttp_fleet.template.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
