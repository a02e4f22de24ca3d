"""Every private or undocumented name of aiohttp that the worker relies on, and what the worker does without it.

No other module touches such a name. A release of aiohttp may drop one; `missing` finds that out at each start.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import aiohttp
from aiohttp import web, web_runner
from aiohttp.abc import AbstractStreamWriter
from propcache.api import under_cached_property

T = TypeVar("T")
CLIENT = ("remote", "scheme")
"""The properties of a request that say who asks, and how."""


WITHOUT = {
    "RequestHandler._waiter": "the drain counts every connection as busy",
    "Server.connections": "each drain takes as long as --drain allows",
    "Server.requests_count": "the control socket reports no number of requests",
    "AppRunner.shutdown": "on_shutdown is sent twice",
    "BaseRequest.keep_alive": "the drain does not ask clients to close their connections",
    "BaseRequest.protocol": "the drain counts websockets as requests, and does not close them",
    "cached properties remote and scheme of BaseRequest": "both are those of nginx, not of the client",
    "parameters headers, remote and scheme of BaseRequest.clone": "a clone with other headers forgets its client",
}
"""What the worker does without each name."""


async def missing() -> list[str]:
    """Return a sentence for each name that this aiohttp does not have, with what the worker does without it."""
    server = web.Server(_refuse)
    found = (
        hasattr(server(), "_waiter"),
        hasattr(server, "connections"),
        hasattr(server, "requests_count"),
        hasattr(web.AppRunner, "shutdown"),
        hasattr(web.BaseRequest, "keep_alive"),
        hasattr(web.BaseRequest, "protocol"),
        all(map(_is_cached_property, CLIENT)),
        {"headers", *CLIENT} <= set(inspect.signature(web.BaseRequest.clone).parameters),
    )
    names = [name for name, is_there in zip(WITHOUT, found, strict=True) if not is_there]
    return [f"this aiohttp ({aiohttp.__version__}) has no {name}: {WITHOUT[name]}" for name in names]


async def _refuse(request: web.BaseRequest) -> web.Response:
    raise web.HTTPNotFound


def connections(server: web.Server) -> set[web.RequestHandler | None]:
    """Return the open connections of a server; one None, which is never idle, where aiohttp does not list them."""
    return set(getattr(server, "connections", (None,)))


def is_idle(connection: web.RequestHandler | None) -> bool:
    """Whether a keep-alive connection waits for its next request (aiohttp/web_protocol.py, start)."""
    waiter = getattr(connection, "_waiter", None)
    return waiter is not None and not waiter.done()


def requests_count(server: web.Server) -> int:
    """Return how many requests a server has begun to handle; 0 where aiohttp does not count them."""
    return getattr(server, "requests_count", 0)


def close_after_each_answer() -> None:
    """Make every answer from now on carry ``Connection: close``, those to requests in flight included.

    Replaces a property of aiohttp's class for the rest of this process's life, so it costs nothing before.
    ``force_close()`` in an on_response_prepare signal is too late for the header.
    """
    web.BaseRequest.keep_alive = property(lambda request: False)  # type: ignore[method-assign,assignment]


def on_websocket(opened: Callable[[web.WebSocketResponse, web.RequestHandler], None]) -> None:
    """Call ``opened`` for each websocket that opens, with its connection: aiohttp keeps no list of them.

    Wraps `web.WebSocketResponse.prepare`, which costs a websocket about a microsecond once and any other request
    nothing; an ``on_response_prepare`` signal would cost every response.
    """
    prepare = web.WebSocketResponse.prepare

    async def prepare_and_report(self: web.WebSocketResponse, request: web.BaseRequest) -> AbstractStreamWriter:
        writer = await prepare(self, request)
        opened(self, request.protocol)
        return writer

    if hasattr(web.BaseRequest, "protocol"):
        web.WebSocketResponse.prepare = prepare_and_report  # type: ignore[assignment,method-assign]


def replace_classes(*classes: type) -> None:
    """Put classes in the place of those of aiohttp with the same names, wherever a program finds them."""
    for each in classes:
        setattr(web, each.__name__, each)
        setattr(web_runner, each.__name__, each)


def override_property(name: str, compute: Callable[[web.BaseRequest], T | None]) -> None:
    """Replace a cached property of requests; a request that never reads it costs nothing.

    Args:
        name: ``remote`` or ``scheme``.
        compute: returns the value, or None to keep aiohttp's.
    """
    if not _is_cached_property(name):
        return
    original = vars(web.BaseRequest)[name]

    def value(request: web.BaseRequest) -> Any:
        found = compute(request)
        return original.__get__(request) if found is None else found

    value.__name__ = name  # the key under which it is cached, and under which clone() stores an override
    value.__doc__ = original.__doc__
    setattr(web.BaseRequest, name, under_cached_property(value))


def keep_client_in_clones() -> None:
    """Let a clone with other headers keep the client of its request, as it does under aiohttp alone."""
    clone = web.BaseRequest.clone
    parameters = inspect.signature(clone).parameters
    if not {"headers", *CLIENT} <= set(parameters):
        return
    unset = parameters["headers"].default

    def clone_with_client(self: web.BaseRequest, **changes: Any) -> web.BaseRequest:
        if changes.get("headers", unset) is not unset:
            for name in CLIENT:
                if changes.get(name, unset) is unset:
                    changes[name] = getattr(self, name)
        return clone(self, **changes)

    web.BaseRequest.clone = clone_with_client  # type: ignore[method-assign]


def _is_cached_property(name: str) -> bool:
    return isinstance(vars(web.BaseRequest).get(name), under_cached_property)
