"""Which of the application's static routes nginx may serve, by what else is in nginx.conf."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aiohttp_fleet.nginx.static.routes import Route, Static

INCLUDE = "include static*.conf;"
"""How nginx.conf takes it in."""
_OWN = re.compile(r"\blocation\s+(~|\^~\s*/\s*\{)")
_ALL = re.compile(r"\blocation\s+/\s*\{(\s*proxy_pass\s+([^;{}\s]+)\s*;\s*\})?")
"""Location /, and where it asks, if it does nothing else."""
_COMMENT = re.compile(r"(^|(?<=\s))#.*$", re.MULTILINE)
_UNWRITABLE = re.compile(r"[$\x00-\x1f\x7f\ud800-\udfff]")
"""nginx takes $ for a variable, and has no way to write one."""


def agreed(told: Sequence[Static]) -> Static:
    """Return what all workers have; while they run code with other routes, nginx can serve none.

    Args:
        told: of each worker, at least one.
    """
    first = told[0]
    if all(other == first for other in told):
        return first
    reason = "the workers do not agree about it, fleet restart"
    return replace(first, routes=tuple(replace(route, reason=route.reason or reason) for route in first.routes))


def judged(static: Static, nginx_text: str) -> Static:
    """Return the routes with the reason of each that nginx cannot serve because of itself.

    Args:
        static: as the application has them.
        nginx_text: the text of nginx.conf.
    """
    text = _COMMENT.sub("", nginx_text)
    general = next(_obstacles(text), "")
    return replace(static, routes=tuple(_judged(route, text, general) for route in static.routes))


def _judged(route: Route, text: str, general: str) -> Route:
    own = ""
    if _UNWRITABLE.search(route.directory):
        own = "its directory cannot be written in nginx.conf"
    elif re.search(rf"^\s*location\s+(\^~\s*)?{re.escape(route.prefix)}/?\s*\{{", text, re.MULTILINE):
        own = "nginx.conf has a location of its own for it"
    return replace(route, reason=route.reason or own or general)


def _obstacles(text: str) -> Iterator[str]:
    """Yield what in nginx.conf would no longer hold for a request that nginx answers in a location of its own."""
    if INCLUDE not in text:
        yield f"nginx.conf has no {INCLUDE}"
    if not workers(text):
        yield "location / of nginx.conf does more than ask the workers"
    if _OWN.search(text):
        yield "nginx.conf has a location with a regular expression"


def workers(text: str) -> str:
    """Return where location / asks; nothing where it does anything else, or is not there once and as it was shipped."""
    found = {target for _, target in _ALL.findall(_COMMENT.sub("", text))}
    return found.pop() if len(found) == 1 else ""


def sentences(static: Static) -> Iterator[str]:
    """Yield a line for each route: who serves it, and why."""
    for route in static.routes:
        by = f"the workers, because {route.reason}" if route.reason else f"nginx, from {route.directory}"
        yield f"{route.prefix or '/'}: served by {by}"
