"""``fleet reload``: nginx reads its edited file."""

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.reload import apply
from aiohttp_fleet.nginx.static.command import require_current
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock


@command
def reload(context: FleetContext) -> int:
    """Make nginx read its file after an edit. nginx tests it first; no request fails."""
    fleet = context.fleet()
    if fleet.nginx is None and not fleet.is_site:
        raise FleetError(str(fleet.supervisord_conf), "there is no [program:nginx] in it", "reload your nginx yourself")
    require_current(fleet)
    with exclusive_lock(fleet, "fleet reload"):
        check_config(fleet.nginx_conf, read_text(fleet.nginx_conf))
        done = apply(fleet, supervisord_of(fleet))
    context.output.line(done)
    context.output.add(file=str(fleet.nginx_conf), reloaded=done.startswith("nginx: reloaded"))
    return 0
