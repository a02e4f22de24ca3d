"""The application's static routes, which of them nginx can serve, and static.conf. Pure."""

import json
import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from aiohttp_fleet.common.templates import filled
from aiohttp_fleet.nginx.directives import without_comments, workers_url

_REGEX = re.compile(r"\blocation\s+~")
_UNWRITABLE = re.compile(r"[$\x00-\x1f\x7f\ud800-\udfff]")
"""Characters that nginx cannot read in a path: it has no way to escape ``$``."""
_ARCHIVES = {".bz2": "application/x-bzip2", ".gz": "application/gzip", ".xz": "application/x-xz"}
"""aiohttp's content types where Python's table has an encoding."""


@dataclass(frozen=True)
class Route:
    """One ``router.add_static``.

    Attributes:
        prefix: of its URLs, without a slash at the end.
        directory: what it serves.
        reason: why nginx cannot serve it; empty where it can.
    """

    prefix: str
    directory: str
    reason: str

    def __str__(self) -> str:
        by = f"the workers, because {self.reason}" if self.reason else f"nginx, from {self.directory}"
        return f"{self.prefix or '/'}: served by {by}"


def parse_routes(text: str) -> tuple[Route, ...]:
    """Read the JSON of `aiohttp_fleet.worker.static_routes.describe`.

    Raises:
        ValueError: it is something else.
    """
    try:
        return tuple(Route(found["prefix"], found["directory"], found["reason"]) for found in json.loads(text))
    except (TypeError, KeyError) as error:
        raise ValueError(f"unexpected answer: {error!r}") from None


def mark_ineligible(routes: Sequence[Route], nginx_text: str) -> tuple[Route, ...]:
    """Return the routes, with the reason of each that nginx cannot serve because of nginx.conf.

    Args:
        routes: as the workers have them.
        nginx_text: the text of nginx.conf and of the files that it includes.
    """
    text = without_comments(nginx_text)
    return tuple(replace(route, reason=next(_reasons(route, text), "")) for route in routes)


def _reasons(route: Route, text: str) -> Iterator[str]:
    """Yield why not; also what holds in ``location /`` of nginx.conf, and would not in a location of its own."""
    if route.reason:
        yield route.reason
    if not workers_url(text):
        yield "location / of nginx.conf has more than proxy_pass"
    if _REGEX.search(text):
        yield "nginx.conf has a location with a regular expression"
    if _UNWRITABLE.search(route.directory):
        yield "its directory cannot be written in nginx.conf"
    if re.search(rf"\blocation\s+(=\s*|\^~\s*)?{re.escape(route.prefix)}[/\s{{]", text):
        yield "nginx.conf has a location of its own for it"


def static_conf(routes: Sequence[Route], nginx_text: str, gzip_static: bool) -> str:
    """Return the text of static.conf; empty where nginx serves no route.

    Args:
        routes: as `mark_ineligible` returns them.
        nginx_text: the text of nginx.conf and of the files that it includes.
        gzip_static: whether nginx can send a compressed file ``NAME.gz`` instead of ``NAME``
            (https://nginx.org/en/docs/http/ngx_http_gzip_static_module.html).
    """
    gzip = "  gzip_static on;\n  gzip_vary on;\n" if gzip_static else ""
    common = {"GZIP": gzip, "TYPES": "\n".join(f"    {line}" for line in _types())}
    served = [filled("generated/static-route.conf", common | _places(route)) for route in routes if not route.reason]
    head = filled("generated/static.conf", {"WORKERS": workers_url(nginx_text)})
    return "".join([head, *served]) if served else ""


def _places(route: Route) -> dict[str, str]:
    return {"PREFIX": route.prefix, "DIRECTORY": re.sub(r'(["\\])', r"\\\1", route.directory.rstrip("/"))}


def _types() -> Iterator[str]:
    """Yield a line for each content type of Python's own table, which is the one that aiohttp begins with."""
    table = mimetypes.MimeTypes()
    types = table.types_map[True] | _ARCHIVES
    types |= {short: types[f".{full.rpartition('.')[2]}"] for short, full in table.suffix_map.items()}
    for name in sorted(set(types.values())):
        endings = sorted(ending[1:] for ending, found in types.items() if found == name)
        yield f"{name} {' '.join(endings)};"
