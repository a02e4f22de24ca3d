"""The order of a worker's start: what can be refused without the application is refused before it runs."""

import asyncio
import faulthandler
import os
from collections.abc import Coroutine

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.worker.arguments import Options, parse
from aiohttp_fleet.worker.control_socket import ControlSocket, WorkerStatus
from aiohttp_fleet.worker.drain import Websockets
from aiohttp_fleet.worker.env_files import load_env_files
from aiohttp_fleet.worker.listener import Listener, TcpListener, UnixListener, bind_tcp
from aiohttp_fleet.worker.loader import load
from aiohttp_fleet.worker.loop import loop_factory
from aiohttp_fleet.worker.preflight import preflight
from aiohttp_fleet.worker.process_title import set_process_title
from aiohttp_fleet.worker.serve import serve
from aiohttp_fleet.worker.socket_path import SocketPath, check_directory, claim
from aiohttp_fleet.worker.user import become, check_group

FORKED = "AIOHTTP_FLEET_FORKED"
"""The variable by which the plugin tells the worker that it was forked."""


def main(argv: list[str]) -> int:
    """Run one worker to its end.

    Args:
        argv: the command line, without the program's name.

    Returns:
        The exit code: 0 after a drain, 1 when it could not start; one line on stderr says why.
    """
    options = parse(argv)
    faulthandler.enable()  # SIGABRT writes the stacks of all threads into the log, a blocked event loop's too
    forked = os.environ.pop(FORKED, "") == "1"
    if options.preflight:
        preflight(options)
    try:
        set_process_title()
        listeners = _prepare(options)
        with asyncio.Runner(loop_factory=loop_factory(options.loop)) as runner:
            loop = runner.get_loop()
            asyncio.set_event_loop(loop)
            app = load(options.app, loop)
            stop = asyncio.Event()
            _run_to_the_end(loop, _serve(app, options, forked, listeners, stop), stop)
    except FleetError as error:
        log_line(str(error))
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        log_line("stopped before it was ready")
    return 0


def _prepare(options: Options) -> list[Listener]:
    """Everything that may need root, then root no more."""
    for path in options.paths:
        claim(path)
    if options.control:
        claim(options.control)
    tcp = bind_tcp(options.host, options.port) if options.port is not None else []
    raise_file_limit()
    load_env_files(options.env_files)
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


async def _serve(
    app: web.Application, options: Options, forked: bool, listeners: list[Listener], stop: asyncio.Event
) -> None:
    serving = WorkerStatus(options.app, forked, Websockets())
    try:
        await serve(app, listeners, ControlSocket(options.control, serving), serving, options, stop)
    except FleetError:
        raise
    except Exception as error:
        log_traceback(error)
        reason = f"it failed in start-up or clean-up ({type(error).__name__}: {error})"
        raise FleetError(options.app, reason, "the traceback is above") from error
