"""What the interpreter says of the process that the application lives in; and what it said at the import."""

import asyncio
import contextvars
import faulthandler
import gc
import locale
import logging
import os
import signal
import sys
import threading
import time
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE", default="not set")
VARIABLE.set("at the import")
LOCAL = threading.local()
LOCAL.value = "at the import"


def _names() -> dict[str, Any]:
    """Return what a module can read of the process and of its command line, also at its import."""
    main = sys.modules["__main__"]
    spec = main.__spec__
    names = {name: str(value) for name, value in vars(main).items() if name not in ("__builtins__", "__loader__")}
    return {
        "argv": list(sys.argv),
        "orig_argv": sys.orig_argv[1:],
        "executable": sys.executable,
        "path": sys.path,
        "main": {name: text for name, text in names.items() if " at 0x" not in text},
        "main's": sorted(vars(main)),
        "main's functions": [main.main.__module__, getattr(spec, "name", None)],
        "loader": type(main.__loader__).__name__,
        "cwd": str(Path.cwd()),
        "streams": [
            [s.encoding, s.errors, s.line_buffering, s.isatty(), s.name, s.mode, s.seekable(),
             getattr(s, "write_through", None), s.fileno(), s is original]
            for s, original in zip((sys.stdin, sys.stdout, sys.stderr),
                                   (sys.__stdin__, sys.__stdout__, sys.__stderr__), strict=True)
        ],
        "loop": type(_loop()).__name__,
        "is running": asyncio._get_running_loop() is not None,
        "policy": type(asyncio.get_event_loop_policy()).__name__,
        "handlers": _handlers(),
        "faulthandler": faulthandler.is_enabled(),
    }  # fmt: skip


def _loop() -> asyncio.AbstractEventLoop:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return asyncio.get_event_loop()


def _handlers() -> dict[str, str]:
    handlers = {signum.name: str(signal.getsignal(signum)) for signum in signal.Signals}
    return {name: text.partition(" at 0x")[0] for name, text in handlers.items()}


AT_IMPORT = _names()


def shown() -> dict[str, Any]:
    """Return it."""
    thread = threading.current_thread()
    task = asyncio.current_task()
    return {
        "at the import": AT_IMPORT,
        "now": _names(),
        "environ": {name: value for name, value in os.environ.items() if name not in ("SUPERVISOR_SERVER_URL", "_")},
        "flags": str(sys.flags),
        "settings": [sys.warnoptions, sys._xoptions, sys.getrecursionlimit(), sys.getswitchinterval(), sys.prefix,
                     sys.dont_write_bytecode, sys.pycache_prefix, sys.getfilesystemencoding(), sys.flags.utf8_mode,
                     sys.tracebacklimit if hasattr(sys, "tracebacklimit") else None, sys.is_finalizing(),
                     str(sys.gettrace()), str(sys.getprofile()), sys.displayhook is sys.__displayhook__,
                     sys.excepthook is sys.__excepthook__, sys.unraisablehook is sys.__unraisablehook__,
                     threading.excepthook is threading.__excepthook__, threading.stack_size()],
        "warnings": [str(each) for each in warnings.filters],
        "collector": [gc.get_threshold(), gc.isenabled(), gc.get_debug(), len(gc.callbacks), len(gc.garbage)],
        "tracemalloc": tracemalloc.is_tracing(),
        "threads": [[each.name, each.daemon] for each in threading.enumerate()],
        "thread": [thread is threading.main_thread(), thread.ident == threading.get_ident(),
                   thread.native_id == threading.get_native_id() == os.getpid(), type(thread).__name__,
                   thread.is_alive()],
        "task": [type(task).__name__, str(task and task.get_coro()).split()[2], len(asyncio.all_tasks())],
        "variable": VARIABLE.get(),
        "local": LOCAL.value,
        "logging": [str(logging.root.handlers), logging.root.level, logging.lastResort is not None,
                    sorted(name for name in logging.root.manager.loggerDict)],
        "locale": [locale.getlocale(), locale.localeconv(), locale.setlocale(locale.LC_ALL)],
        "time": [time.tzname, time.timezone, time.daylight, time.strftime("%Z", time.localtime(0))],
    }  # fmt: skip
