"""Ask the running workers for their static routes, and keep static.conf as they have them."""

from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_included, read_text
from aiohttp_fleet.common.write_files import written
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.static.routes import Route, mark_ineligible, parse_routes, static_conf
from aiohttp_fleet.supervision.control_client import send_query
from aiohttp_fleet.worker.arguments import STATIC_PATH

_NO_ANSWER = (FleetError, OSError, HTTPException, ValueError, TypeError, KeyError)


def static_path(fleet: Fleet) -> Path:
    """Return the path of static.conf, which nginx.conf includes."""
    return fleet.nginx_conf.parent / "static.conf"


def query_routes(fleet: Fleet) -> tuple[Route, ...]:
    """Return the static routes of the running workers, with the reason of each that nginx cannot serve.

    Raises:
        FleetError: no worker is ready, or they run different code.
    """
    answers = _answers(fleet)
    if not answers:
        raise FleetError(fleet.program, "no worker is ready to name its static routes", "see fleet status")
    if len(answers) > 1:
        raise FleetError(fleet.program, "the workers have different static routes", "fleet restart")
    return mark_ineligible(answers.pop(), read_included(fleet.nginx_conf))


def _answers(fleet: Fleet) -> set[tuple[Route, ...]]:
    """Ask each worker; one that does not run, is still starting (503), or of another version, has no answer."""
    found = set[tuple[Route, ...]]()
    for worker in fleet.workers:
        with suppress(*_NO_ANSWER), closing(send_query(worker.control, path=STATIC_PATH)) as connection:
            found.add(parse_routes(connection.getresponse().read().decode()))
    return found


def wanted_text(fleet: Fleet, routes: tuple[Route, ...]) -> str:
    """Return what static.conf should be for these routes."""
    can_gzip = running_nginx(fleet.nginx_conf).has_module("http_gzip_static_module")
    return static_conf(routes, read_included(fleet.nginx_conf), can_gzip)


def write_static(fleet: Fleet, text: str) -> None:
    """Write static.conf, or remove it where the text is empty; whatever goes wrong, it is as it was before.

    Raises:
        FleetError: it cannot be written, or nginx refuses it.
    """
    with written({static_path(fleet): text or None}):
        check_config(fleet.nginx_conf, read_text(fleet.nginx_conf))


def require_current(fleet: Fleet) -> None:
    """Check that nginx serves the static routes that the workers have now.

    Raises:
        FleetError: static.conf is there, and differs from what the running workers need; where none runs it is left
            alone.
    """
    path = static_path(fleet)
    if path.exists() and _answers(fleet) and read_existing(path) != wanted_text(fleet, query_routes(fleet)):
        raise FleetError(str(path), "not the static routes that the application has now", "fleet static --write")
