"""The files that ``fleet boot`` begins with; `filled` reads all others."""

from collections.abc import Mapping

from aiohttp_fleet.common.templates import filled, template

__all__ = ["LOGROTATE", "SERVICE", "boot_templates", "filled"]

SERVICE = "aiohttp.service"
LOGROTATE = "aiohttp.logrotate"


def boot_templates() -> Mapping[str, str]:
    """Return the text of each file that the machine gets, by its name."""
    return {name: template(name) for name in (SERVICE, LOGROTATE)}
