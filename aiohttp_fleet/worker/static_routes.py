"""The static routes of an application that nginx can serve in its place, and why it cannot serve the others."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType, ModuleType

from aiohttp import web, web_app, web_fileresponse, web_urldispatcher
from aiohttp.web_fileresponse import CONTENT_TYPES
from aiohttp.web_urldispatcher import (
    AbstractResource,
    MatchedSubAppResource,
    PrefixedSubAppResource,
    StaticResource,
    UrlDispatcher,
)

_PLAIN = re.compile(r"(/[\w~+@,=-][\w.~+@,=-]*)+", re.ASCII)
"""Prefixes that mean the same to nginx as to aiohttp, which never finds one that it had to quote."""
_Chain = Sequence[tuple[web.Application, AbstractResource]]
"""From the application down to a route: each router, and the resource in it that leads on."""


def described(app: web.Application, started: bool) -> str:
    """Return JSON: ``routes``, each with prefix, directory and the reason why nginx cannot serve it (empty: it can).

    And ``types``, the content type of each ending, as aiohttp has it (https://docs.aiohttp.org/en/stable/
    web_reference.html#aiohttp.web.UrlDispatcher.add_static).

    Args:
        app: the application.
        started: whether its on_startup has run, which may add a middleware, a signal or a route.
    """
    general = "" if started or not _has_start_up(app) else "its on_startup may add to it, ask again when it runs"
    routes = [_route(chain, general) for chain in _static(app, ())]
    return json.dumps({"routes": routes, "types": _types() if routes else {}})


def _static(app: web.Application, above: _Chain) -> Iterator[_Chain]:
    for resource in app.router.resources():
        chain = (*above, (app, resource))
        if isinstance(resource, StaticResource):
            yield chain
        elif isinstance(resource, PrefixedSubAppResource):
            yield from _static(resource.get_info()["app"], chain)


def _has_start_up(app: web.Application) -> bool:
    """Whether on_startup runs something of the application's own: more than cleanup_ctx and the sub-applications'."""
    own = len(app.on_startup) > 1 + len(app._subapps) or len(app.cleanup_ctx) > 0
    return own or any(map(_has_start_up, app._subapps))


def _route(chain: _Chain, general: str) -> dict[str, str]:
    info = chain[-1][1].get_info()
    reason = next(_reasons(chain), general)
    return {"prefix": info["prefix"], "directory": str(info["directory"]), "reason": reason}


def _reasons(chain: _Chain) -> Iterator[str]:
    resource = chain[-1][1]
    prefix = resource.canonical
    if not _PLAIN.fullmatch(prefix):
        yield "its prefix has characters that nginx reads otherwise" if prefix else "it is the whole site"
    if sys.getfilesystemencoding() != "utf-8":
        yield "the workers do not read file names as UTF-8"
    for app, link in chain:
        yield from _of_application(app)
        if isinstance(link, MatchedSubAppResource):
            yield "it belongs to one domain only (add_domain)"
        for other in _first(app.router, link, prefix):
            yield f"{other.canonical} is asked first"
    yield from _of_resource(resource)


def _of_application(app: web.Application) -> Iterator[str]:
    """What of an application sees each request or answer."""
    if type(app) is not web.Application or type(app.router) is not UrlDispatcher:
        yield "its application, or the router, is a class of its own"
    if not _own(web.Application._handle, web_app):
        yield f"{web.Application._handle.__module__} has put itself around each request"
    if app.middlewares:
        yield "its application has middlewares"
    if app.on_response_prepare:
        yield "its application has on_response_prepare signals"


def _of_resource(resource: AbstractResource) -> Iterator[str]:
    """What makes a static route answer otherwise than aiohttp's own."""
    if type(resource) is not StaticResource:
        yield "it is a class of its own"
        return
    own = _own(StaticResource._handle, web_urldispatcher) and _own(web.FileResponse.prepare, web_fileresponse)
    if not own:
        yield "aiohttp's own way to answer with a file has been replaced"
    if resource._expect_handler is not None:
        yield "it has an expect_handler"
    if any(route.method in ("GET", "HEAD") and route.handler != resource._handle for route in resource):
        yield "its handler is not aiohttp's"


def _own(function: object, module: ModuleType) -> bool:
    """Whether a function is a module's own, not something that was put around it."""
    return type(function) is FunctionType and function.__globals__ is vars(module)


def _first(router: UrlDispatcher, link: AbstractResource, prefix: str) -> Iterator[AbstractResource]:
    """Yield what a router asks before ``link`` for something under ``prefix``.

    It asks the resource with the longest path first, and those with the same path in the order in which they were
    added (UrlDispatcher.resolve); those of domains before all.
    """
    own, earlier = router._get_resource_index_key(link), True
    for other in router.resources():
        if other is link:
            earlier = False
            continue
        if isinstance(other, MatchedSubAppResource):
            yield other
            continue
        key = router._get_resource_index_key(other)
        leads_to_prefix = f"{prefix}/".startswith(f"{key}/")
        if key.startswith(f"{prefix}/") or (leads_to_prefix and (len(key) > len(own) or (key == own and earlier))):
            yield other


def _types() -> dict[str, str]:
    """Return the content type of each ending that aiohttp knows, as it finds them out itself."""
    endings = {*CONTENT_TYPES.types_map[True], *CONTENT_TYPES.suffix_map}
    types = {ending: _type(ending) for ending in sorted(endings)}
    return {ending: found for ending, found in types.items() if found}


def _type(ending: str) -> str:
    return CONTENT_TYPES.guess_type(f"/x{ending}")[0] or ""
