"""The preflight: import and build the application, serve nothing."""

import asyncio
import os
import sys
from typing import NoReturn

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.worker.aiohttp_internals import missing
from aiohttp_fleet.worker.arguments import Options
from aiohttp_fleet.worker.env_files import load_env_files
from aiohttp_fleet.worker.loader import load, loop_factory
from aiohttp_fleet.worker.process import become


def preflight(options: Options) -> NoReturn:
    """Try it, then exit: 0 when the application was built, else 1 with the reason in the last line.

    Nothing that belongs to the end of a process runs: it would wait for threads and tasks that the build has started,
    which only on_cleanup could end.

    Args:
        options: the command line.
    """
    code = 1
    try:
        load_env_files(options.env_files)
        become(options.user, options.gid)
        problem = why_not_built(options)
        log_line(problem or f"preflight: {options.app} can be imported and built")
        code = 1 if problem else 0
    except FleetError as error:
        log_line(str(error))
    finally:
        try:
            sys.stdout.flush()
        finally:
            os._exit(code)


def why_not_built(options: Options) -> str:
    """Import and build the application on an event loop of its own; return why that fails, empty when it does not.

    No socket is bound or connected to, and on_startup is not run. A traceback is printed.

    Args:
        options: the command line.
    """
    try:
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
