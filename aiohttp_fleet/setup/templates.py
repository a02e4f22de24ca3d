"""The files that ``fleet init`` and ``fleet boot`` begin with: those of this kit's own ``deploy/``."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

SUPERVISORD = "supervisord.conf"
NGINX = "nginx.conf"
TLS = "tls.conf"
CACHE = "cache.conf"
IGNORE = "run/.gitignore"
SERVICE = "aiohttp.service"
LOGROTATE = "aiohttp.logrotate"
VERSIONS = ("since", "before")
"""Folders with what depends on nginx's version, see `aiohttp_fleet.nginx.by_version`."""


def templates() -> Mapping[str, str]:
    """Return the text of each file of a project's ``deploy/`` by its path below it."""
    root = _root()
    found: dict[str, Traversable] = {name: root / name for name in (SUPERVISORD, NGINX, TLS, CACHE, IGNORE)}
    for folder in VERSIONS:
        found |= {f"{folder}/{file.name}": file for file in (root / folder).iterdir() if file.name.endswith(".conf")}
    return {name: file.read_text() for name, file in found.items()}


def boot_templates() -> Mapping[str, str]:
    """Return the text of each file that the machine gets, by its name in ``deploy/``."""
    return {name: (_root() / name).read_text() for name in (SERVICE, LOGROTATE)}


def _root() -> Traversable:
    """Where they are: in a wheel ``aiohttp_fleet/templates`` (pyproject.toml, force-include), here where one edits."""
    package = files("aiohttp_fleet")
    packed = package / "templates"
    return packed if packed.is_dir() else package / ".." / "deploy"
