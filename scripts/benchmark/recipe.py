"""The program of aiohttp's documented recipe, and of PM2: it serves an application on a socket or a port."""

import argparse
from importlib import import_module

from aiohttp import web

parser = argparse.ArgumentParser()
parser.add_argument("module")
parser.add_argument("--path")
parser.add_argument("--port", type=int)
given = parser.parse_args()
app = import_module(given.module).create_app()
web.run_app(app, path=given.path, host="127.0.0.1" if given.port else None, port=given.port)
