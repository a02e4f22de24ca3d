"""The load: a process of its own, so that the drill and the load do not wait for each other.

``python -m aiohttp_fleet_drill.load`` runs until its stdin is closed, and then prints its tally as JSON.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet_drill.client import load
from aiohttp_fleet_drill.requests import mixed, plain
from aiohttp_fleet_drill.tally import Failure, Tally

MODULE = "aiohttp_fleet_drill.load"
LAST = 90.0
"""Seconds for the last responses and the tally."""


@dataclass(frozen=True)
class Load:
    """How many requests, and which.

    Attributes:
        clients: how many keep-alive clients.
        rate: requests a second of all clients together, 0 for as many as possible.
        get: the path to GET, None for the drill's own mix.
        post: the path to POST to in turn, None to GET only.
    """

    clients: int
    rate: float
    get: str | None = None
    post: str | None = None


@contextmanager
def running(load: Load, address: tuple[str, int], posts: Path | None) -> Iterator[Callable[[], Tally]]:
    """Start a load; end it at the end of the block, in any case.

    Args:
        load: the load.
        address: host and port of the server.
        posts: where the application notes its POSTs, None where it does not.

    Yields:
        What ends the load and returns its tally; it raises FleetError when there is none.
    """
    options = {"host": address[0], "port": address[1], "clients": load.clients, "rate": load.rate}
    optional = {"get": load.get, "post": load.post, "posts": posts}
    options |= {name: value for name, value in optional.items() if value is not None}
    command = [sys.executable, "-m", MODULE, *(f"--{name}={value}" for name, value in options.items())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, process_group=0) as process:

        def end() -> Tally:
            try:
                tally = json.loads(process.communicate(timeout=LAST)[0])
            except (ValueError, subprocess.TimeoutExpired) as error:
                raise FleetError("the load", f"it printed no tally ({error})", "start the drill again") from None
            failed, repeated = ([Failure(**each) for each in tally[name] or ()] for name in ("failed", "repeated"))
            return Tally([(at, latency) for at, latency in tally["answers"]], failed, repeated if posts else None)

        try:
            assert process.stdout is not None  # it is a pipe
            process.stdout.readline()  # the load has begun
            yield end
        finally:
            process.kill()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", allow_abbrev=False)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--get", help="GET this path instead of the drill's mix")
    parser.add_argument("--post", help="and POST to this one in turn")
    parser.add_argument("--posts", type=Path, help="where the application notes the POSTs that it handles")
    return parser.parse_args()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop where it is installed: the load must not be the slow part."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _run(options: argparse.Namespace) -> Tally:
    next_request = plain(options.get, options.post) if options.get else mixed
    where = {"host": options.host, "posts": options.posts}
    async with load(options.port, options.clients, options.rate, next_request, **where) as tally:
        print("begun", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    return tally


def main() -> None:
    """Run the load."""
    raise_file_limit()
    gc.disable()  # a collection would look like a latency of the server; the process does not live long enough for one
    options = _parse()
    with contextlib.suppress(BrokenPipeError), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        json.dump(asdict(runner.run(_run(options))), sys.stdout)  # the pipe is closed when the drill was interrupted


if __name__ == "__main__":
    main()
