"""The static routes of an application, and why nginx cannot serve one of them in its place.

By aiohttp's public API only: https://docs.aiohttp.org/en/stable/web_reference.html#resource-classes-hierarchy.
"""

import json
import re
from collections.abc import Iterator, Sequence

from aiohttp import web

_PLAIN = re.compile(r"(/[\w~+@,=-][\w.~+@,=-]*)+", re.ASCII)
"""Prefixes that nginx and aiohttp read alike."""
_Chain = Sequence[tuple[web.Application, web.AbstractResource]]
"""Each application on the way down to a route, and its resource that leads on."""


def describe(app: web.Application) -> str:
    """Return JSON: a list with ``prefix``, ``directory`` and ``reason`` of each static route.

    Args:
        app: the application after its start-up, which may have added routes and middlewares. An empty reason means
            that nginx can serve the route.
    """
    return json.dumps([_route(chain) for chain in _chains(app, ())])


def _chains(app: web.Application, above: _Chain) -> Iterator[_Chain]:
    for resource in app.router.resources():
        chain = (*above, (app, resource))
        if isinstance(resource, web.StaticResource):
            yield chain
        elif sub_app := resource.get_info().get("app"):
            yield from _chains(sub_app, chain)


def _route(chain: _Chain) -> dict[str, str]:
    info = chain[-1][1].get_info()
    return {"prefix": info["prefix"], "directory": str(info["directory"]), "reason": next(_reasons(chain), "")}


def _reasons(chain: _Chain) -> Iterator[str]:
    resource = chain[-1][1]
    prefix = resource.canonical
    if not _PLAIN.fullmatch(prefix):
        yield "its prefix has characters that nginx reads in another way"
    if type(resource) is not web.StaticResource:
        yield "it is not aiohttp's own StaticResource"
    for app, link in chain:
        if type(app) is not web.Application or app.middlewares or app.on_response_prepare:
            yield "its application has middlewares, on_response_prepare signals, or a class of its own"
        if "rule" in link.get_info():
            yield "its application serves one domain only (add_domain)"
        for other in app.router.resources():
            if other is not link and _may_come_first(other, link, prefix):
                yield f"{other.canonical or 'add_domain'} may answer in its place"


def _may_come_first(other: web.AbstractResource, link: web.AbstractResource, prefix: str) -> bool:
    """Whether the router may ask ``other`` for a path below ``prefix``: it asks the longest fixed path first."""
    fixed = other.canonical.partition("{")[0].rstrip("/") + "/"
    is_on_the_way = fixed.startswith(f"{prefix}/") or f"{prefix}/".startswith(fixed)
    return "rule" in other.get_info() or (is_on_the_way and fixed.startswith(f"{link.canonical}/"))
