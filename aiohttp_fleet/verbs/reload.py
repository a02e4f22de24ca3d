"""``fleet reload``: nginx takes up its edited file."""

import click

from aiohttp_fleet.act import nginx, static
from aiohttp_fleet.act.lock import exclusive
from aiohttp_fleet.act.site import has_site
from aiohttp_fleet.act.take_up import take_up
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.text import read_text
from aiohttp_fleet.verbs.shape import Chosen, supervisord, verb


@verb
def reload(chosen: Chosen) -> int:
    """Make nginx take up nginx.conf after an edit. nginx tests it first; no request is lost."""
    fleet = chosen.fleet()
    if fleet.nginx is None and not has_site(fleet):
        raise FleetError(str(fleet.supervisord_conf), "nginx is not in it", "reload your nginx yourself")
    static.require_current(fleet)
    with exclusive(fleet, "fleet reload"):
        nginx.test(fleet.nginx_conf, read_text(fleet.nginx_conf))
        click.echo(take_up(fleet, supervisord(fleet)))
    return 0
