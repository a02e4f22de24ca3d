"""A worker's start: what can fail without the application is checked before it is loaded."""

import asyncio
import faulthandler
import os
from collections.abc import Coroutine

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.worker.arguments import Options, parse
from aiohttp_fleet.worker.env_files import load_env_files
from aiohttp_fleet.worker.hand_over import HandOver
from aiohttp_fleet.worker.listener import Listener, TcpListener, UnixListener, bind_tcp
from aiohttp_fleet.worker.loader import load, loop_factory
from aiohttp_fleet.worker.preflight import preflight
from aiohttp_fleet.worker.process import become, check_group, enlarge_output_pipes, set_title
from aiohttp_fleet.worker.program import run_to_its_end
from aiohttp_fleet.worker.serve import serve
from aiohttp_fleet.worker.serving import Serving
from aiohttp_fleet.worker.socket_path import SocketPath, check_directory, clear


def main(argv: list[str]) -> int:
    """Run one worker, or its preflight, to its end.

    Args:
        argv: the command line, without the program's name.

    Returns:
        As `run`.
    """
    options = parse(argv)
    if options.preflight:
        preflight(options)
    return run(options)


def run(options: Options, shares: str = "") -> int:
    """Run one worker to its end.

    Args:
        options: its command line.
        shares: what it shares with its template, which has done all that needs root and what the import may change;
            empty for a worker that is executed.

    Returns:
        The exit code: 0 after a drain, 1 when it could not start; one line on stderr says why.
    """
    if not shares:  # its template has done so, before the import that may have changed it
        faulthandler.enable()  # SIGABRT writes the stacks of all threads into the log, even of a blocked event loop
        set_title(os.environ.get("SUPERVISOR_PROCESS_NAME", ""), options.program)
    try:
        if options.program:
            return run_to_its_end(options, [take_over(options, shares)])
        serving = Serving(options, shares, _prepare(options, bool(shares)))
        with asyncio.Runner(loop_factory=loop_factory(options.loop)) as runner:
            loop = runner.get_loop()
            asyncio.set_event_loop(loop)
            app = load(options.app, loop)
            stop = asyncio.Event()
            _run(loop, _serve(app, serving, options, stop), stop)
    except FleetError as error:
        log_line(str(error))
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        log_line("stopped before it was ready")
    return 0


def _prepare(options: Options, is_forked: bool) -> list[Listener]:
    """Do everything that may need root, then become the unprivileged user."""
    for path in options.paths:
        clear(path)
    if options.control:
        clear(options.control)
    tcp = bind_tcp(options.host, options.port) if options.port is not None else []
    enlarge_output_pipes()
    if not is_forked:
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


def _run(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[None, None, None], stop: asyncio.Event) -> None:
    """Run the worker; web.GracefulExit, which an application may raise as under web.run_app, starts the drain."""
    task = loop.create_task(coroutine)
    while not task.done():
        try:
            loop.run_until_complete(task)
        except web.GracefulExit:
            stop.set()


async def _serve(app: web.Application, serving: Serving, options: Options, stop: asyncio.Event) -> None:
    try:
        await serve(app, serving, options, stop)
    except FleetError:
        raise
    except Exception as error:
        log_traceback(error)
        reason = f"it failed in start-up or clean-up ({type(error).__name__}: {error})"
        raise FleetError(options.app, reason, "the traceback is above") from error


def take_over(options: Options, shares: str = "") -> Serving:
    """Be ready for the application of a program.

    Args:
        options: the command line.
        shares: as for `run`.

    Raises:
        FleetError: the worker could not be started.
    """
    serving = Serving(options, shares, _prepare(options, bool(shares)))
    if options.loop == "uvloop":
        import uvloop

        uvloop.install()
    HandOver(serving, options).install()
    return serving
