"""Fork the watchdog from supervisord, whose modules it needs: a new interpreter would cost 8 MB more.

Workers are never forked from it: they would have its memory, and what C libraries keep of descriptors that are closed.
The watchdog is the kit's own, uses nothing of that, and has supervisord's user.
"""

import contextlib
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from setproctitle import getproctitle

from aiohttp_fleet.worker.env_files import read_at_start

WATCHDOG = "aiohttp_fleet.watchdog"
MAIN = f"{WATCHDOG}.main"
HANDLED = (signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2)
"""Signals that supervisord handles, besides SIGINT (supervisor/options.py, setsignals)."""
FAILED = 70
"""Exit code when it raised: EX_SOFTWARE of sysexits(3)."""


def load_watchdog() -> None:
    """Load it into supervisord. A collection would write to every object, and so unshare its page."""
    import_module(MAIN)
    gc.collect()
    gc.freeze()


def is_watchdog(config: Any, program: str, argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether a process is a watchdog that may be forked: with this interpreter, and as supervisord's user.

    Args:
        config: supervisor's ``ProcessConfig``.
        program: the file that would be executed.
        argv: its command line.
        environ: its environment.
    """
    is_ours = list(argv[1:3]) == ["-m", WATCHDOG] and config.uid is None and _is_this_python(program)
    names = filter(read_at_start, environ.keys() | os.environ.keys())
    return is_ours and all(environ.get(name) == os.environ.get(name) for name in names if name != "PYTHONUNBUFFERED")


def become_watchdog(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Be it, in a child of supervisord, which has set process group, directory, umask and descriptors 0 to 2."""
    code = FAILED
    try:
        gc.freeze()
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208, a Path would write into shared pages
            if int(name) > 2:
                with contextlib.suppress(OSError):  # that of the directory itself
                    os.close(int(name))
        signal.set_wakeup_fd(-1)
        for signum in HANDLED:
            signal.signal(signum, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        getproctitle()  # finds the title's memory, before the environment next to it is replaced
        os.environ.clear()
        os.environ.update(environ)
        time.tzset()
        sys.orig_argv = list(argv)
        code = import_module(MAIN).main(argv[3:])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _is_this_python(name: str) -> bool:
    """Whether it is the same file in the same virtual environment, whose pythons may all be links to one file."""
    real, parent, ours = os.path.realpath, os.path.dirname, sys.executable
    return real(name) == real(ours) and real(parent(name)) == real(parent(ours))
