"""nginx, whoever runs it, takes up what nginx.conf says now."""

from aiohttp_fleet.act import nginx, system
from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.act.site import BY_HAND, follow, has_site, is_older
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.read.text import read_text


def take_up(fleet: Fleet, supervisord: Supervisord, what: str = "") -> str:
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
        nginx.reload(supervisord, fleet.nginx, fleet.nginx_conf)
        return f"nginx: reloaded{new}"
    follow(fleet, read_text(fleet.nginx_conf))
    if has_site(fleet) and system.reload(fleet, is_older(fleet.nginx_conf)):
        return f"nginx: reloaded{new}"
    return f"{fleet.site_conf if has_site(fleet) else fleet.nginx_conf}: written{new}; {BY_HAND}"
