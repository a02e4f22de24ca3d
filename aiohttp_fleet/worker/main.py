"""A worker's start: what can fail without the application is checked before it is loaded; and the preflight."""

import asyncio
import faulthandler
import os
import sys
from collections.abc import Coroutine
from typing import NoReturn

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.worker.aiohttp_internals import missing
from aiohttp_fleet.worker.arguments import Options, parse
from aiohttp_fleet.worker.control_socket import ControlSocket, WorkerStatus
from aiohttp_fleet.worker.drain import Websockets
from aiohttp_fleet.worker.env_files import load_env_files
from aiohttp_fleet.worker.listener import Listener, TcpListener, UnixListener, bind_tcp
from aiohttp_fleet.worker.loader import load, loop_factory
from aiohttp_fleet.worker.process import become, check_group, enlarge_output_pipes, set_title
from aiohttp_fleet.worker.serve import serve
from aiohttp_fleet.worker.socket_path import SocketPath, check_directory, clear

FORKED = "AIOHTTP_FLEET_FORKED"
"""Environment variable that the plugin sets in a worker that it forks."""


def main(argv: list[str]) -> int:
    """Run one worker to its end.

    Args:
        argv: the command line, without the program's name.

    Returns:
        The exit code: 0 after a drain, 1 when it could not start; one line on stderr says why.
    """
    options = parse(argv)
    faulthandler.enable()  # SIGABRT writes the stacks of all threads into the log, even of a blocked event loop
    forked = os.environ.pop(FORKED, "") == "1"
    if options.preflight:
        _preflight(options)
    try:
        set_title()
        listeners = _prepare(options)
        with asyncio.Runner(loop_factory=loop_factory(options.loop)) as runner:
            loop = runner.get_loop()
            asyncio.set_event_loop(loop)
            app = load(options.app, loop)
            stop = asyncio.Event()
            _run(loop, _serve(app, options, forked, listeners, stop), stop)
    except FleetError as error:
        log_line(str(error))
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        log_line("stopped before it was ready")
    return 0


def _prepare(options: Options) -> list[Listener]:
    """Do everything that may need root, then become the unprivileged user."""
    for path in options.paths:
        clear(path)
    if options.control:
        clear(options.control)
    tcp = bind_tcp(options.host, options.port) if options.port is not None else []
    raise_file_limit()
    enlarge_output_pipes()
    load_env_files(options.env_files)
    become(options.user, options.gid)
    check_group(options.gid)
    for path in options.paths:
        check_directory(path)
    listeners: list[Listener] = [
        UnixListener(SocketPath(path, options.mode, options.gid), options.backlog) for path in options.paths
    ]
    return [*listeners, TcpListener(tcp, options.backlog)] if tcp else listeners


def _run(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """Run the worker; web.GracefulExit, which an application may raise as under web.run_app, starts the drain."""
    task = loop.create_task(coroutine)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except web.GracefulExit:
            stop.set()


async def _serve(
    app: web.Application, options: Options, forked: bool, listeners: list[Listener], stop: asyncio.Event
) -> None:
    status = WorkerStatus(options.app, forked, Websockets())
    try:
        await serve(app, listeners, ControlSocket(options.control, status), status, options, stop)
    except FleetError:
        raise
    except Exception as error:
        log_traceback(error)
        reason = f"it failed in start-up or clean-up ({type(error).__name__}: {error})"
        raise FleetError(options.app, reason, "the traceback is above") from error


def _preflight(options: Options) -> NoReturn:
    """Import and build the application, then exit: 0 when it was built, else 1 with the reason in the last line.

    No socket is bound or connected to, and on_startup is not run. Nothing that belongs to the end of a process runs
    either: it would wait for threads and tasks that the build has started, which only on_cleanup could end.

    Args:
        options: the command line.
    """
    code = 1
    try:
        load_env_files(options.env_files)
        become(options.user, options.gid)
        loop = loop_factory(options.loop)()
        asyncio.set_event_loop(loop)
        for sentence in loop.run_until_complete(missing()):
            log_line(sentence)
        load(options.app, loop)
        log_line(f"preflight: {options.app} can be imported and built")
        code = 0
    except FleetError as error:
        log_line(str(error))
    except BaseException as error:
        log_traceback(error)
        log_line(f"preflight: {options.app} was not built ({type(error).__name__})")
    finally:
        try:
            sys.stdout.flush()
        finally:
            os._exit(code)
