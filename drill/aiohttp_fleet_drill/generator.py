"""``python -m aiohttp_fleet_drill.generator``: the load, in a process of its own, until its stdin is closed.

Its account goes to stdout as JSON. The drill and the load so do not wait for each other.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import sys
from collections.abc import Callable
from dataclasses import asdict

from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet_drill.client import load
from aiohttp_fleet_drill.requests import mixed, plain
from aiohttp_fleet_drill.tally import Tally


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aiohttp_fleet_drill.generator", allow_abbrev=False)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--get", help="ask for this path instead of the drill's mix")
    parser.add_argument("--post", help="and POST to this one in turn")
    return parser.parse_args()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop where it is installed: the load must not be what is slow."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _run(options: argparse.Namespace) -> Tally:
    loop = asyncio.get_running_loop()
    next_ask = plain(options.get, options.post) if options.get else mixed
    async with load(options.port, options.clients, options.rate, next_ask, options.host) as tally:
        print("begun", flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
    return tally


def main() -> None:
    """Run the load."""
    raise_file_limit()
    gc.disable()  # a collection would look like a latency of the site; nothing here lives long enough to need one
    options = _parse()
    with contextlib.suppress(BrokenPipeError), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        json.dump(asdict(runner.run(_run(options))), sys.stdout)  # nobody reads it when the drill was interrupted


if __name__ == "__main__":
    main()
