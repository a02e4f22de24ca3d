"""The shipped configuration files, ``setup/files/``, with placeholders, and how paths are written into them."""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError

_PLAIN = re.compile(r"[\w./+@:,-]+")
"""What needs no quotes in supervisord.conf, in nginx.conf, in a unit of systemd, for logrotate and in a shell."""


def template(name: str) -> str:
    """Return the text of a file of ``setup/files/`` as it is."""
    return (files("aiohttp_fleet") / "setup" / "files" / name).read_text()


def filled(name: str, values: Mapping[str, str]) -> str:
    """Return the text of a file of ``setup/files/`` with each ``@KEY@`` replaced by its value.

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

    return re.sub(r"@([A-Z_]+)@", value, template(name))


def plain(path: Path) -> str:
    """Return a path as it is written into a configuration file.

    Raises:
        FleetError: it would need quotes.
    """
    if not _PLAIN.fullmatch(str(path)):
        raise FleetError(str(path), "its name would need quotes in a configuration file", "choose a plainer one")
    return str(path)
