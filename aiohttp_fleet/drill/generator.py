"""``python -m aiohttp_fleet.drill.generator``: the load, in a process of its own, until its stdin is closed.

Its account goes to stdout as JSON. The drill and the load so do not wait for each other.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Callable
from dataclasses import asdict

from aiohttp_fleet.drill.client import Ask, NextAsk, load, mixed
from aiohttp_fleet.drill.tally import Tally
from aiohttp_fleet.limits import raise_file_limit


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aiohttp_fleet.drill.generator", allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--get", help="ask for this path instead of the drill's mix")
    parser.add_argument("--post", help="and POST to this one in turn")
    return parser.parse_args()


def _asks(options: argparse.Namespace) -> NextAsk:
    if options.get is None:
        return mixed
    get, post = Ask("GET", options.get), Ask("POST", options.post or "", b"x" * 500)

    def ask(chance: random.Random, number: int) -> Ask:
        return post if options.post and number % 2 else get

    return ask


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop where it is installed: the load must not be what is slow."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _run(options: argparse.Namespace) -> Tally:
    loop = asyncio.get_running_loop()
    async with load(options.port, options.clients, options.rate, _asks(options), options.host) as tally:
        print("begun", flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
    return tally


def main() -> None:
    """Run the load."""
    raise_file_limit()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        tally = runner.run(_run(_parse()))
    json.dump(asdict(tally), sys.stdout)


if __name__ == "__main__":
    main()
