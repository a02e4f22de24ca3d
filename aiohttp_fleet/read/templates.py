"""The files that ``fleet init`` begins with: those of this kit's own ``deploy/``."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

SUPERVISORD = "supervisord.conf"
NGINX = "nginx.conf"
TLS = "tls.conf"
CACHE = "cache.conf"
IGNORE = "run/.gitignore"
VERSIONS = ("since", "before")
"""Folders with what depends on nginx's version, see `aiohttp_fleet.nginx.since`."""


def templates() -> Mapping[str, str]:
    """Return the text of each file by its path below ``deploy/``.

    A wheel carries them as ``aiohttp_fleet/templates`` (pyproject.toml, force-include); in an editable checkout they
    are read where they are edited.
    """
    package = files("aiohttp_fleet")
    packed = package / "templates"
    root = packed if packed.is_dir() else package / ".." / "deploy"
    found: dict[str, Traversable] = {name: root / name for name in (SUPERVISORD, NGINX, TLS, CACHE, IGNORE)}
    for folder in VERSIONS:
        found |= {f"{folder}/{file.name}": file for file in (root / folder).iterdir() if file.name.endswith(".conf")}
    return {name: file.read_text() for name, file in found.items()}
