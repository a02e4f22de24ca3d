"""The program of aiohttp's documented recipe."""

import argparse

from aiohttp import web

from scripts.benchmark.app import create_app

parser = argparse.ArgumentParser()
parser.add_argument("--path")
web.run_app(create_app(), path=parser.parse_args().path)
