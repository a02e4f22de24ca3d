"""``deploy/kit/``: the nginx configuration that the kit owns, which a person's file includes."""

import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp_fleet.common.templates import filled, plain

BOTH = ("http", "server", "cache-http", "cache-server", "tls")
"""Files that nginx.conf and site.conf include."""
OWN = ("main", "spool")
"""Files that only nginx.conf includes."""


def shared_values(deploy: Path, is_site: bool) -> Mapping[str, str]:
    """Return the placeholders that the kit's files and a person's file have in common.

    A site shares an http block with other sites, and relative paths begin in the system's directory: so its names begin
    with that of the project's directory, and its paths are absolute.

    Args:
        deploy: the directory of the files.
        is_site: whether an nginx of the system reads them.

    Raises:
        FleetError: a path that would need quotes.
    """
    if not is_site:
        return {"PREFIX": "", "DEPLOY": "", "UPSTREAM": "aiohttp"}
    deploy = deploy.resolve()
    prefix = re.sub(r"^(?=\d)|\W", "_", deploy.parent.name, flags=re.ASCII) + "_"
    return {"PREFIX": prefix, "DEPLOY": f"{plain(deploy)}/", "UPSTREAM": f"{prefix}aiohttp"}


def kit_texts(deploy: Path, is_site: bool) -> Mapping[Path, str]:
    """Return the text of each file of ``kit/``; the arguments are those of `shared_values`."""
    values = shared_values(deploy, is_site)
    names = BOTH if is_site else BOTH + OWN
    return {deploy / "kit" / f"{name}.conf": filled(f"kit/{name}.conf", values) for name in names}
