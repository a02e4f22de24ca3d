"""An application that shows what kind of process it lives in: all that an executed one has, a forked one too."""

import asyncio
import gc
import logging
import sys
from typing import Any

from aiohttp import web

from tests.apps import process_children, process_kernel, process_libraries, process_python

SUBJECTS = (process_kernel, process_python, process_libraries, process_children)


def shown() -> dict[str, Any]:
    """Return it, by subject; and what differs by design."""
    design = {
        "frozen": gc.get_freeze_count() > 0,
        "modules": [name for name in sys.modules if name.startswith("aiohttp_fleet.template")],
        "task": task.get_name() if (task := asyncio.current_task()) else "",
        "hash seed": hash("x"),
        "logging": logging.makeLogRecord({}).relativeCreated,
    }
    subjects = {subject.__name__.rpartition("_")[2]: subject.shown() for subject in SUBJECTS}
    return {"by design": design, **subjects}


async def show(request: web.Request) -> web.Response:
    """Show it."""
    return web.json_response(shown())


def create_app() -> web.Application:
    """Build the application."""
    app = web.Application()
    app.router.add_get("/", show)
    return app
