"""nginx.conf as a site of an nginx that the system runs: what may stand inside its http block, beside other sites."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.parser import Statement, parsed, printed
from aiohttp_fleet.nginx.site.unique_names import prefixed

Include = Callable[[str], Mapping[str, str]]
"""From the pattern of an ``include`` to the texts of the files, by their names."""

HTTP_ONLY = re.compile(r"\w+_hash_(max|bucket)_size|\w+_cache_path|\w+_zone|log_format")
"""Directives that nginx takes in no server; all others of the http block it does."""
PATHS = re.compile(r"root|alias|\w+_log|ssl_\w*(certificate|key|dhparam|crl|file)|\w+_user_file|\w+_cache_path|include")
"""Directives whose first parameter is a path."""
NO_PATH = re.compile(r"[/$]|off$|on$|stderr$|[a-z]+:")
"""What that parameter is besides: absolute, a variable, or a word of its own."""
QUOTED = re.compile(r"[\s;{}\"'#$]")
"""What makes quotes necessary."""
OWN = re.compile(r"\w+_temp_path")
"""What the system has settled."""

_HEAD = """\
# Written by "fleet render" from {conf}, where everything is explained: edit that one, not this.
# A site of an nginx that the system runs (docs/site.md), to be included into its http block.

"""


def site_text(conf: Path, text: str, include: Include) -> str:
    """Return the site.

    Args:
        conf: nginx.conf; what is relative in it begins at its directory.
        text: what is in it.
        include: reads what it includes.

    Raises:
        FleetError: it has no http block, or cannot be read.
    """
    http = next((one.block for one in parsed(str(conf), text) if one.name == "http"), None)
    if http is None:
        raise FleetError(str(conf), "there is no http block in it", "begin with a copy of the shipped file")
    http = tuple(_absolute(one, conf.parent) for one in _whole(http, include))
    outside = tuple(one for one in http if _stays(one))
    inside = tuple(one for one in http if not _stays(one) and one.name != "server" and not _is_systems(one, conf))
    outside = tuple(_upstream(one) if one.name == "upstream" else one for one in outside)
    servers = tuple(_server(one, inside) for one in http if one.name == "server")
    prefix = "_".join(re.findall(r"\w+", str(conf.parent.parent)))
    return _HEAD.format(conf=conf) + prefixed(printed((*_used(outside, servers), *servers)), f"{prefix}_")


def _whole(statements: tuple[Statement, ...], include: Include) -> tuple[Statement, ...]:
    """Put what is included in the place of each ``include`` of a relative path."""
    whole: list[Statement] = []
    for one in statements:
        if one.name == "include" and not NO_PATH.match(one.words[1]):
            for name, text in include(one.words[1]).items():
                whole += _whole(parsed(name, text), include)
        else:
            whole.append(one if one.block is None else replace(one, block=_whole(one.block, include)))
    return tuple(whole)


def _absolute(one: Statement, directory: Path) -> Statement:
    """Write relative paths out, which would begin at the system's own prefix."""
    if one.block is not None:
        return replace(one, block=tuple(_absolute(inner, directory) for inner in one.block))
    path = one.words[1].strip("\"'") if len(one.words) > 1 else "/"
    if not PATHS.fullmatch(one.name) or NO_PATH.match(path):
        return one
    # a "/" at the end has a meaning to alias
    full = os.path.normpath(directory / path) + "/" * path.endswith("/")
    return replace(one, words=(one.name, f'"{full}"' if QUOTED.search(full) else full, *one.words[2:]))


def _stays(one: Statement) -> bool:
    """Whether it cannot go into a server."""
    if one.block is not None:
        return one.name not in ("server", "types")
    return HTTP_ONLY.fullmatch(one.name) is not None


def _used(outside: tuple[Statement, ...], servers: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Leave out the maps whose variable nothing uses: nginx has one table of names for all sites, which fills up."""
    while True:
        text = printed((*outside, *servers))
        left = tuple(one for one in outside if one.name != "map" or text.count(one.words[-1]) > 1)
        if left == outside:
            return left
        outside = left


def _is_systems(one: Statement, conf: Path) -> bool:
    """Whether the system's own setting is the better one: its logs are rotated, its directories are writable."""
    in_run = len(one.words) > 1 and one.words[1].startswith(f"{conf.parent}/run/")
    return OWN.fullmatch(one.name) is not None or (one.name in ("access_log", "error_log") and in_run)


def _upstream(upstream: Statement) -> Statement:
    """Give it one state for all nginx workers, of which the system mostly has several: least_conn counts by it."""
    block = upstream.block or ()
    if any(one.name == "zone" for one in block):
        return upstream
    return replace(upstream, block=(Statement(("zone", upstream.words[1], "64k")), *block))


def _server(server: Statement, inside: tuple[Statement, ...]) -> Statement:
    """Put what stood around a server into it, as nginx inherits it: unless there is one of that name."""
    own = tuple(map(_listen, server.block or ()))
    names = {one.name for one in own}
    first = tuple(one for one in own if one.name in ("listen", "server_name"))
    rest = tuple(one for one in own if one not in first)
    return replace(server, block=(*first, *(one for one in inside if one.name not in names), *rest))


def _listen(one: Statement) -> Statement:
    """Leave the port's own options to whoever else listens there: nginx takes them from one site only."""
    if one.name != "listen":
        return one
    return replace(one, words=tuple(word for word in one.words if not word.startswith("backlog=")))
