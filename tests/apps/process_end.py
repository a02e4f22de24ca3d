"""An application that notes what is run at the end of its process, in the file that POSTs are noted in elsewhere."""

import asyncio
import atexit
import concurrent.futures
import os
import threading
import weakref
from multiprocessing import util
from pathlib import Path

from aiohttp import web
from aiohttp_fleet_drill.requests import POSTS


def note(event: str) -> None:
    """Write it, with this process's number."""
    with Path(os.environ[POSTS]).open("a") as file:
        file.write(f"{os.getpid()} {event}\n")


class Kept:
    """An object that lives as long as the process."""


KEPT = Kept()
POOL = concurrent.futures.ThreadPoolExecutor(1)
"""Has no thread before the first call."""
atexit.register(note, "atexit")
threading._register_atexit(note, "threading")  # type: ignore[attr-defined]
weakref.finalize(KEPT, note, "finalize")
util.Finalize(None, note, ["multiprocessing"], exitpriority=1)


async def work(request: web.Request) -> web.Response:
    """Use a pool of the import, one that is made now, and the event loop's."""
    loop = asyncio.get_running_loop()
    for pool in (POOL, concurrent.futures.ThreadPoolExecutor(1), None):
        await loop.run_in_executor(pool, note, "worked")
    return web.Response(text=str(os.getpid()))


async def clean_up(app: web.Application) -> None:
    """Note the end of the drain."""
    note("cleaned up")


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_get("/", work)
    app.on_cleanup.append(clean_up)
    return app
