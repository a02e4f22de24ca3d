"""An application that shows what kind of process it lives in."""

import os
import signal
import sys
import threading
from pathlib import Path

from aiohttp import web


def _descriptors() -> list[str]:
    """What is open, sockets and pipes by their kind."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()).partition(":")[0])
        except FileNotFoundError:  # the directory that is being read
            continue
    return sorted(found)


async def show(request: web.Request) -> web.Response:
    """Show everything that an executed process has and a forked one might have otherwise."""
    main = sys.modules["__main__"]
    handlers = {signum.name: str(signal.getsignal(signum)) for signum in signal.Signals}
    ignored = ("SUPERVISOR_SERVER_URL", "_")
    return web.json_response(
        {
            "argv": sys.argv,
            "orig_argv": sys.orig_argv[1:],
            "path": sys.path,
            "main": [main.__name__, getattr(main.__spec__, "name", None), main.__file__],
            "environ": {name: value for name, value in os.environ.items() if name not in ignored},
            "cwd": str(Path.cwd()),
            "descriptors": _descriptors(),
            "handlers": {name: text for name, text in handlers.items() if " at 0x" not in text},
            "threads": [thread.name for thread in threading.enumerate()],
            "streams": [[s.encoding, s.errors, getattr(s, "write_through", None)] for s in (sys.stdout, sys.stderr)],
            "session": os.getpgrp() == os.getpid(),
        }
    )


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_get("/", show)
    return app
