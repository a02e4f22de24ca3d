"""The static routes of an application, as a preflight tells of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp_fleet.worker.arguments import STATIC


@dataclass(frozen=True)
class Route:
    """One ``router.add_static``.

    Attributes:
        prefix: of its URLs, without a slash at the end.
        directory: what it serves.
        reason: why nginx cannot serve it in the application's place; empty where it can.
    """

    prefix: str
    directory: str
    reason: str


@dataclass(frozen=True)
class Static:
    """All of an application.

    Attributes:
        routes: in the application's order.
        types: content type of each ending, ``.css`` for example.
    """

    routes: tuple[Route, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def served(self) -> tuple[Route, ...]:
        """Those that nginx can serve."""
        return tuple(route for route in self.routes if not route.reason)


def told(output: str) -> Static:
    """Find what a preflight has told in what it has printed; nothing where it has told nothing."""
    _, _, rest = output.rpartition(STATIC)
    return parsed(rest.partition("\n")[0])


def parsed(text: str) -> Static:
    """Read the JSON of `aiohttp_fleet.worker.static_routes.described`; nothing where it is none."""
    try:
        found = json.loads(text)
        return Static(tuple(Route(**route) for route in found["routes"]), found["types"])
    except (ValueError, TypeError, KeyError):
        return Static()
