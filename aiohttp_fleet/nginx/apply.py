"""nginx, whoever runs it, takes up what nginx.conf says now."""

from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.reload import reload_nginx
from aiohttp_fleet.nginx.site import reload as system
from aiohttp_fleet.nginx.site.apply import BY_HAND, follow, has_site, is_older
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord


def apply(fleet: Fleet, supervisord: Supervisord, what: str = "") -> str:
    """Make nginx take up nginx.conf; return a line that says so, or what is left to be done by hand.

    Args:
        fleet: the fleet.
        supervisord: through whom nginx is reloaded, where it runs it.
        what: is new.

    Raises:
        FleetError: nginx refuses it, or has no new workers after some seconds.
    """
    new = f", {what}" if what else ""
    if fleet.nginx:
        reload_nginx(supervisord, fleet.nginx, fleet.nginx_conf)
        return f"nginx: reloaded{new}"
    follow(fleet, read_text(fleet.nginx_conf))
    if has_site(fleet) and system.reload(fleet, is_older(fleet.nginx_conf)):
        return f"nginx: reloaded{new}"
    return f"{fleet.site_conf if has_site(fleet) else fleet.nginx_conf}: written{new}; {BY_HAND}"
