"""Make a forked child what a newly started interpreter is, then run a module in it to its end."""

import atexit
import codecs
import contextlib
import gc
import io
import locale
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

from setproctitle import getproctitle

from aiohttp_fleet.worker.main import FORKED

FAILED = 70
"""Exit code when the module raised: EX_SOFTWARE of sysexits(3)."""

ASCII_LOCALES = ("C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8")
"""In these locales the output of an interpreter accepts any bytes (PEP 538)."""

HANDLED = (signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2)
"""Signals that supervisord handles, besides SIGINT (supervisor/options.py, setsignals)."""


def run(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Run ``python -m MODULE ARGUMENTS`` in this process and end it.

    supervisord has already set process group, descriptors 0 to 2, user, directory and umask.

    Args:
        argv: the command line, ``python`` first.
        environ: the environment.
    """
    code = FAILED
    try:
        _begin(argv, environ)
        code = _module(argv[2])
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            _end()
        finally:
            os._exit(code)


def _begin(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    gc.freeze()  # collecting supervisord's objects here would close descriptors whose numbers are used again
    _close_descriptors()
    signal.set_wakeup_fd(-1)
    for signum in HANDLED:
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Finds the title's memory, before the environment next to it is replaced. Not before the fork: it empties
    # /proc/pid/environ, and a preflight reads supervisord's.
    getproctitle()
    os.environ.clear()
    os.environ.update(environ, **{FORKED: "1"})
    time.tzset()
    sys.argv = ["-m", *argv[3:]]
    sys.orig_argv = list(argv)
    if not sys.flags.safe_path:
        sys.path[0] = os.getcwd()  # noqa: PTH109, see fork.py; it was the directory of supervisord's script
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, closefd=False))  # type: ignore[misc]
    lenient = locale.setlocale(locale.LC_CTYPE) in ASCII_LOCALES
    sys.stdout = sys.__stdout__ = _output(1, "surrogateescape" if lenient else "strict")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _output(2, "backslashreplace")  # type: ignore[misc]


def _close_descriptors() -> None:
    """Close what execve would close; supervisord itself closes its first 1024.

    Not by closerange to SC_OPEN_MAX: without close_range(2) (glibc before 2.34) that is a loop over up to 2^30 numbers.
    """
    for entry in list(os.scandir("/proc/self/fd")):
        if (fd := int(entry.name)) > 2:
            with contextlib.suppress(OSError):  # that of the directory itself
                os.close(fd)


def _output(fd: int, errors: str) -> io.TextIOWrapper:
    """Return the stream that an interpreter makes at its start (pylifecycle.c, create_stdio)."""
    raw = io.FileIO(fd, "w", closefd=False)
    encoding = codecs.lookup(locale.getencoding()).name
    if os.environ.get("PYTHONUNBUFFERED"):
        return io.TextIOWrapper(raw, encoding, errors, write_through=True)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=fd == 2)


def _module(name: str) -> int:
    """Run it as ``__main__``, as ``python -m`` does, and return its exit code."""
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    return 0


def _end() -> None:
    """Do what an interpreter does at its end: wait for threads, run the exit functions, flush."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
