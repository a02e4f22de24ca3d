"""The server of aiohttp's documented deployment, without the kit's worker.

https://docs.aiohttp.org/en/stable/deployment.html#nginx-supervisord
"""

import argparse

from aiohttp import web

from tests.apps.work import create_app

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--path")
    arguments, _ = parser.parse_known_args()
    web.run_app(create_app(), path=arguments.path)
