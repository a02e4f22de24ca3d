"""The preflight: build the application as a worker would, in a process that then ends."""

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
