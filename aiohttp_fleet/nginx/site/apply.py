"""The site of an nginx that the system runs, ``site.conf`` beside nginx.conf: it follows nginx.conf."""

from fnmatch import fnmatch
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_text
from aiohttp_fleet.common.write_files import replace_file
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.binary import find_nginx
from aiohttp_fleet.nginx.by_version import selected_files
from aiohttp_fleet.nginx.site.text import site_text

BY_HAND = "let nginx take it up: nginx -t && nginx -s reload"


def site(conf: Path, text: str) -> str:
    """Return the site for the system's nginx.

    Args:
        conf: nginx.conf.
        text: what is in it, or is to be.

    Raises:
        FleetError: it cannot be made one, or there is no nginx.
    """
    by_version = _by_version(conf)

    def include(pattern: str) -> dict[str, str]:
        if pattern.startswith("run/"):
            return {name: text for name, text in by_version.items() if fnmatch(name, pattern)}
        return {str(path): read_text(path) for path in sorted(conf.parent.glob(pattern))}

    return site_text(conf, text, include)


def _by_version(conf: Path) -> dict[str, str]:
    """Return what the launcher would put into ``run/`` for the system's nginx."""
    try:
        return {f"run/{name}": text for name, text in selected_files(conf.parent, find_nginx().version())}
    except OSError as error:
        raise FleetError(str(error.filename), f"cannot be read ({error.strerror})", "see ls -l") from None


def is_older(conf: Path) -> bool:
    """Whether the system's nginx needs what is in ``before/``."""
    return any(name.startswith("run/before-") for name in _by_version(conf))


def has_site(fleet: Fleet) -> bool:
    """Whether the system's nginx is to read ``site.conf``."""
    return fleet.nginx is None and fleet.site_conf.exists()


def due(fleet: Fleet, text: str) -> str | None:
    """Return what nginx.conf makes of ``site.conf``; None where that is what is there, or no file is.

    Args:
        fleet: the fleet.
        text: of nginx.conf.
    """
    if not has_site(fleet):
        return None
    new = site(fleet.nginx_conf, text)
    return None if read_existing(fleet.site_conf) == new else new


def follow(fleet: Fleet, text: str) -> bool:
    """Write ``site.conf`` anew where it is there and differs; return whether it did."""
    new = due(fleet, text)
    if new is not None:
        replace_file(fleet.site_conf, new)
    return new is not None
