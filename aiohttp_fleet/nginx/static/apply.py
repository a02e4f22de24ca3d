"""The application's static routes: asked of it, and put into static.conf."""

import os
from contextlib import closing
from http.client import OK, HTTPException
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_included, read_text
from aiohttp_fleet.common.write_files import write_file
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.static.eligibility import agreed, judged
from aiohttp_fleet.nginx.static.routes import Static, parsed, told
from aiohttp_fleet.nginx.static.text import rendered
from aiohttp_fleet.supervision.control_client import send_query
from aiohttp_fleet.supervision.preflight import preflight
from aiohttp_fleet.worker.arguments import STATIC_PATH

NAME = "static.conf"
"""Beside nginx.conf, which includes it."""
STEP = "fleet render --write, then fleet reload"


def asked(fleet: Fleet) -> Static:
    """Return the application's static routes, `judged`: as the workers that run have them.

    Where none runs the application is built in a process that is thrown away, in our own environment.

    Raises:
        FleetError: it cannot be built.
    """
    return _running(fleet) or judged(told(preflight(fleet.workers[0], os.environ)), read_included(fleet.nginx_conf))


def _running(fleet: Fleet) -> Static | None:
    """Return them as the workers that run have them, None where none does."""
    told = [found for found in map(_told, fleet.workers) if found is not None]
    return judged(agreed(told), read_included(fleet.nginx_conf)) if told else None


def _told(worker: Worker) -> Static | None:
    """Ask a worker; None where it does not run, or is still starting."""
    try:
        with closing(send_query(worker.control, path=STATIC_PATH)) as connection:
            answer = connection.getresponse()
            text = answer.read().decode()
            return parsed(text) if answer.status == OK else None
    except (FleetError, OSError, HTTPException):
        return None


def place(fleet: Fleet) -> Path:
    """Return where static.conf is."""
    return fleet.nginx_conf.parent / NAME


def outdated(fleet: Fleet, static: Static) -> tuple[str, str] | None:
    """Return the text of static.conf and what it has to be, None when that is the same. No file serves nothing."""
    old, new = read_existing(place(fleet)), rendered(static, read_included(fleet.nginx_conf))
    if old == new or (old is None and not static.served):
        return None
    return old or "", new


def put(fleet: Fleet, old: str, new: str) -> None:
    """Write static.conf, if nginx takes it.

    Args:
        fleet: whose.
        old: as `outdated` has returned it; put back where nginx refuses the new one.
        new: the same.

    Raises:
        FleetError: it cannot be written, or nginx refuses it.
    """
    write_file(place(fleet), new)
    try:
        check_config(fleet.nginx_conf, read_text(fleet.nginx_conf))
    except FleetError:
        if old:
            write_file(place(fleet), old)
        else:
            place(fleet).unlink()
        raise


def require_current(fleet: Fleet) -> None:
    """Make sure that nginx serves nothing that the workers no longer have, or that nginx.conf now protects.

    Raises:
        FleetError: static.conf is not what `rendered` would make it, by what the workers that run say.
    """
    if place(fleet).exists() and (static := _running(fleet)) and outdated(fleet, static):
        raise FleetError(str(place(fleet)), "not the static routes that the application has now", STEP)
