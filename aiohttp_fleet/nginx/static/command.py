"""``fleet static``: nginx serves the application's static routes, which the running workers are asked for."""

from contextlib import closing, suppress
from dataclasses import asdict
from http.client import OK, HTTPException
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_included, read_text
from aiohttp_fleet.common.text_diff import unified_diff
from aiohttp_fleet.common.write_files import written
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.static.routes import Route, mark_ineligible, parse_routes, static_conf
from aiohttp_fleet.supervision.command import FleetContext, command
from aiohttp_fleet.supervision.control_client import send_query
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.worker.arguments import STATIC_PATH


@command
@click.option("--write", is_flag=True, help="Write static.conf, which nginx reads at its next reload.")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when --write would change static.conf.")
@click.option("--off", is_flag=True, help="Remove static.conf: the workers serve everything.")
def static(context: FleetContext, write: bool, check: bool, off: bool) -> int:
    """Show which static routes nginx can serve in place of the workers."""
    if write + check + off > 1:
        raise click.UsageError("--write, --check and --off exclude each other.")
    fleet = context.fleet()
    path, routes = static_path(fleet), () if off else query_routes(fleet)
    for route in routes:
        context.output.line(str(route))
    old, new = read_existing(path) or "", wanted_text(fleet, routes)
    changes = unified_diff(path, old, new, "fleet static")
    context.output.add(routes=list(map(asdict, routes)), path=str(path), changed=bool(changes))
    if check:
        context.output.line(changes, newline=False)
        return 1 if changes else 0
    if write or off:
        if changes:
            with exclusive_lock(fleet, "fleet static"), written({path: new or None}):
                check_config(fleet.nginx_conf, read_text(fleet.nginx_conf))  # if it is refused, path is as it was
        done = "written" if new else "removed"
        context.output.line(f"{path}: {f'{done}; fleet reload' if changes else 'nothing to change'}")
    return 0


def static_path(fleet: Fleet) -> Path:
    """Return the path of static.conf, which nginx.conf includes."""
    return fleet.nginx_conf.parent / "static.conf"


def query_routes(fleet: Fleet) -> tuple[Route, ...]:
    """Return the static routes of the running workers, with the reason of each that nginx cannot serve.

    Raises:
        FleetError: no worker is ready, or they run different code.
    """
    return _agreed(fleet, _answers(fleet))


def _agreed(fleet: Fleet, answers: set[tuple[Route, ...]]) -> tuple[Route, ...]:
    if not answers:
        raise FleetError(fleet.program, "no worker is ready to name its static routes", "see fleet status")
    if len(answers) > 1:
        raise FleetError(fleet.program, "the workers have different static routes", "fleet restart")
    return mark_ineligible(answers.pop(), read_included(fleet.nginx_conf))


def _answers(fleet: Fleet) -> set[tuple[Route, ...]]:
    """Ask each worker; one that does not run, is still starting (503), or of another version, has no answer."""
    found = set[tuple[Route, ...]]()
    for worker in fleet.workers:
        with (
            suppress(FleetError, OSError, HTTPException, ValueError),
            closing(send_query(worker.control, path=STATIC_PATH)) as connection,
        ):
            answer = connection.getresponse()
            if answer.status == OK:
                found.add(parse_routes(answer.read().decode()))
    return found


def wanted_text(fleet: Fleet, routes: tuple[Route, ...]) -> str:
    """Return what static.conf should be for these routes."""
    can_gzip = running_nginx(fleet.nginx_conf).has_module("http_gzip_static_module")
    return static_conf(routes, read_included(fleet.nginx_conf), can_gzip)


def require_current(fleet: Fleet) -> None:
    """Check that nginx serves the static routes that the workers have now.

    Raises:
        FleetError: static.conf is there, and differs from what the running workers need; where none runs it is left
            alone.
    """
    path = static_path(fleet)
    if not path.exists() or not (answers := _answers(fleet)):
        return
    if read_existing(path) != wanted_text(fleet, _agreed(fleet, answers)):
        raise FleetError(str(path), "not the static routes that the application has now", "fleet static --write")
