"""The preflight: import and build the application, or run its program until it would serve; serve nothing."""

import asyncio
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.worker.aiohttp_internals import missing
from aiohttp_fleet.worker.arguments import Options
from aiohttp_fleet.worker.drain import EarlyShutdown
from aiohttp_fleet.worker.env_files import load_env_files
from aiohttp_fleet.worker.hand_over import HandOver
from aiohttp_fleet.worker.loader import load, loop_factory
from aiohttp_fleet.worker.own_port import watch_ports
from aiohttp_fleet.worker.process import become
from aiohttp_fleet.worker.program import run_to_its_end
from aiohttp_fleet.worker.serving import Serving


def preflight(options: Options) -> NoReturn:
    """Try it, then exit: 0 when the application was built, else 1 with the reason in the last line.

    Nothing that belongs to the end of a process runs: it would wait for threads and tasks that the build has started,
    which only on_cleanup could end.

    Args:
        options: the command line.
    """
    built = partial(_exit, 0, f"preflight: {options.app} can be imported and built")
    try:
        load_env_files(options.env_files)
        become(options.user, options.gid)
        problem = why_not_built(options, built)
    except FleetError as error:
        problem = str(error)
    except BaseException as error:
        log_traceback(error)
        problem = f"preflight: {options.app} was not built ({type(error).__name__})"
    if problem:
        _exit(1, problem)
    built()


def why_not_built(options: Options, handed_over: Callable[[], NoReturn]) -> str:
    """Import and build the application on an event loop of its own, or run the program; return why that fails.

    No socket is bound or connected to, and on_startup is not run. A traceback is printed.

    Args:
        options: the command line.
        handed_over: called in the middle of a program, at its hand-over; it ends this process.
    """
    try:
        if options.program:
            PreflightHandOver(options, handed_over).install()
            watch_ports(options.app)
            run_to_its_end(options)
        else:
            loop = loop_factory(options.loop)()
            asyncio.set_event_loop(loop)
            for sentence in loop.run_until_complete(missing()):
                log_line(sentence)
            load(options.app, loop)
    except FleetError as error:
        return str(error)
    except BaseException as error:
        log_traceback(error)
        return f"preflight: {options.app} was not built ({type(error).__name__})"
    return ""


class PreflightHandOver(HandOver):
    """A hand-over with nothing after it, not even the application's start-up.

    Args:
        options: the command line.
        handed_over: called then; it ends this process.
    """

    def __init__(self, options: Options, handed_over: Callable[[], NoReturn]) -> None:
        super().__init__(Serving(options, "", ()), options)
        self._handed_over = handed_over

    async def begin(self, runner: EarlyShutdown) -> None:
        """End this process."""
        self._handed_over()


def _exit(code: int, line: str) -> NoReturn:
    try:
        log_line(line)
        sys.stdout.flush()
    finally:
        os._exit(code)
