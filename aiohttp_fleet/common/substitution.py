"""Decided places in a text, replaced; its comments and everything else stay."""

import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError

_PLAIN = re.compile(r"[\w./+@:,-]+")
"""What needs no quotes in supervisord.conf, in nginx.conf, in a unit of systemd, for logrotate and in a shell."""


def substitute(name: str, text: str, changes: Mapping[str, str]) -> str:
    """Return the text with each pattern replaced wherever it is, in the order of the mapping.

    Args:
        name: what the text is called in an error.
        text: a configuration file.
        changes: regular expressions, and what replaces them.

    Raises:
        FleetError: one is not there.
    """
    for pattern, new in changes.items():
        text, count = re.subn(pattern, new, text)
        if not count:
            raise FleetError(name, f"there is nothing like {pattern} in it", "begin with a copy of the shipped files")
    return text


def plain(path: Path) -> str:
    """Return a path as it is written into a configuration file.

    Raises:
        FleetError: it would need quotes.
    """
    if not _PLAIN.fullmatch(str(path)):
        raise FleetError(str(path), "its name would need quotes in a configuration file", "choose a plainer one")
    return str(path)
