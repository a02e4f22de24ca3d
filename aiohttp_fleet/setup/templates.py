"""The files that ``fleet init`` begins with: those of this kit's own ``deploy/``."""

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp_fleet.common.errors import FleetError

SUPERVISORD = "supervisord.conf"
NGINX = "nginx.conf"
TLS = "tls.conf"
CACHE = "cache.conf"
IGNORE = "run/.gitignore"
VERSIONS = ("since", "before")
"""Folders with what depends on nginx's version, see `aiohttp_fleet.nginx.by_version`."""


def templates() -> Mapping[str, str]:
    """Return the text of each file of a project's ``deploy/`` by its path below it."""
    root = _root()
    found: dict[str, Traversable] = {name: root / name for name in (SUPERVISORD, NGINX, TLS, CACHE, IGNORE)}
    for folder in VERSIONS:
        found |= {f"{folder}/{file.name}": file for file in (root / folder).iterdir() if file.name.endswith(".conf")}
    return {name: file.read_text() for name, file in found.items()}


def filled(name: str, values: Mapping[str, str]) -> str:
    """Return the template ``name`` of ``setup/files/`` with each ``@KEY@`` replaced by its value.

    Args:
        name: of the file.
        values: by key, such as ``PORT``.

    Raises:
        FleetError: a key of the template has no value.
    """

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise FleetError(name, f"there is no value for {found[0]}", "report it as a bug")
        return values[found[1]]

    text = (files("aiohttp_fleet") / "setup" / "files" / name).read_text()
    return re.sub(r"@([A-Z_]+)@", value, text)


def _root() -> Traversable:
    """Where they are: in a wheel ``aiohttp_fleet/templates`` (pyproject.toml, force-include), here where one edits."""
    package = files("aiohttp_fleet")
    packed = package / "templates"
    return packed if packed.is_dir() else package / ".." / "deploy"
