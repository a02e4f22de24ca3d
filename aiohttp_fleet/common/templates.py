"""The shipped configuration files, ``setup/files/``, with placeholders."""

import re
from collections.abc import Mapping
from importlib.resources import files

from aiohttp_fleet.common.errors import FleetError


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
