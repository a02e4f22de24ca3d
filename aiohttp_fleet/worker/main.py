"""The order of a worker's start: what can be refused without the application is refused before it runs."""

import asyncio
import importlib.util
import resource
import sys
from collections.abc import Callable, Coroutine

from aiohttp import web

from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.say import say, say_traceback
from aiohttp_fleet.worker.arguments import Options, parse
from aiohttp_fleet.worker.listener import Listener, TcpListener, UnixListener, bind_tcp
from aiohttp_fleet.worker.loader import load
from aiohttp_fleet.worker.path import SocketPath, check_directory, claim
from aiohttp_fleet.worker.serve import serve
from aiohttp_fleet.worker.user import become, check_group


def main(argv: list[str]) -> int:
    """Run one worker to its end.

    Args:
        argv: the command line, without the program's name.

    Returns:
        The exit code: 0 after a drain, 1 when it could not start; one line on stderr says why.
    """
    options = parse(argv)
    try:
        listeners = _prepare(options)
        with asyncio.Runner(loop_factory=_loop_factory(options.loop)) as runner:
            loop = runner.get_loop()
            asyncio.set_event_loop(loop)
            app = load(options.app, loop)
            stop = asyncio.Event()
            _run_to_the_end(loop, _serve(app, options, listeners, stop), stop)
    except FleetError as error:
        say(str(error))
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("stopped before it was ready")
    return 0


def _prepare(options: Options) -> list[Listener]:
    """Everything that may need root, then root no more."""
    for path in options.paths:
        claim(path)
    tcp = bind_tcp(options.host, options.port) if options.port is not None else []
    _raise_file_limit()
    become(options.user, options.gid)
    check_group(options.gid)
    for path in options.paths:
        check_directory(path)
    listeners: list[Listener] = [
        UnixListener(SocketPath(path, options.mode, options.gid), options.backlog) for path in options.paths
    ]
    return [*listeners, TcpListener(tcp, options.backlog)] if tcp else listeners


def _run_to_the_end(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[None, None, None], stop: asyncio.Event
) -> None:
    """Run the worker; an application may raise web.GracefulExit, as under web.run_app, to be drained and ended."""
    task = loop.create_task(coroutine)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except web.GracefulExit:
            stop.set()


async def _serve(app: web.Application, options: Options, listeners: list[Listener], stop: asyncio.Event) -> None:
    try:
        await serve(app, listeners, options.drain, options.access_log, stop)
    except FleetError:
        raise
    except Exception as error:
        say_traceback(error)
        reason = f"it failed in start-up or clean-up ({type(error).__name__}: {error})"
        raise FleetError(options.app, reason, "the traceback is above") from error


def _loop_factory(name: str | None) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "asyncio" or (name is None and importlib.util.find_spec("uvloop") is None):
        return asyncio.new_event_loop
    try:
        import uvloop
    except ImportError:
        step = f"{sys.executable} -m pip install uvloop, or --loop=asyncio"
        raise FleetError("--loop=uvloop", "uvloop is not installed", step) from None
    return uvloop.new_event_loop


def _raise_file_limit() -> None:
    """Allow as many open files as the machine lets us: the usual 1024 is fewer clients than a worker can serve."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
