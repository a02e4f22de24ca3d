"""The application of process.py, whose import changes its process in all ways that stay until a worker's end."""

import asyncio
import ctypes
import faulthandler
import gc
import locale
import logging
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import warnings
from typing import Any

from aiohttp import web
from setproctitle import setproctitle

from tests.apps import process


class Policy(asyncio.DefaultEventLoopPolicy):
    """Another one."""


def _change() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGUSR2, 0, 0, 0)  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o027)
    os.nice(1)
    os.chdir(tempfile.gettempdir())
    os.environ.update(MADE="at the import", TZ="UTC-9")
    os.environ.pop("HOME", None)
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    faulthandler.disable()
    setproctitle(f"shop {os.environ['SUPERVISOR_SERVER_URL']}")  # with the directory: the tests end it by that
    gc.set_threshold(500, 5, 5)
    gc.disable()
    sys.setrecursionlimit(3000)
    sys.setswitchinterval(0.01)
    sys.path.insert(0, "/nowhere")
    sys.argv.append("--added")
    threading.stack_size(1024 * 1024)
    warnings.simplefilter("error", ImportWarning)
    asyncio.set_event_loop_policy(Policy())
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    logging.basicConfig(level=logging.ERROR)
    random.seed(7)


_change()


async def show(request: web.Request) -> web.Response:
    """Show it, and the numbers that the seed of the import gives."""
    shown: dict[str, Any] = {"seeded": [random.random() for _ in range(3)], **process.shown()}
    return web.json_response(shown)


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_get("/", show)
    return app
