"""``fleet reload``: nginx takes up its edited file."""

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.nginx.apply import apply
from aiohttp_fleet.nginx.reload import check_config
from aiohttp_fleet.nginx.site.apply import has_site
from aiohttp_fleet.nginx.static.apply import require_current
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock


@command
def reload(chosen: FleetContext) -> int:
    """Make nginx take up nginx.conf after an edit. nginx tests it first; no request is lost."""
    fleet = chosen.fleet()
    if fleet.nginx is None and not has_site(fleet):
        raise FleetError(str(fleet.supervisord_conf), "nginx is not in it", "reload your nginx yourself")
    require_current(fleet)
    with exclusive_lock(fleet, "fleet reload"):
        check_config(fleet.nginx_conf, read_text(fleet.nginx_conf))
        click.echo(apply(fleet, supervisord_of(fleet)))
    return 0
