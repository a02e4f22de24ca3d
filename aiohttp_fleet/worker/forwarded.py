"""The client as the application sees it: the browser, not nginx.

nginx says in two headers who asks, and how; aiohttp reads neither. ``remote`` and ``scheme`` of a request are computed
when they are first asked for, and ``host`` comes from the Host header, which nginx passes on; ``url``, ``secure`` and
the access log's ``%a`` are made of these. So it is enough to compute these two otherwise, and a request of which nobody
asks them costs nothing.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.helpers import sentinel
from propcache.api import under_cached_property

FOR = "X-Forwarded-For"
PROTO = "X-Forwarded-Proto"
SCHEMES = ("http", "https")


def use_forwarded_headers() -> None:
    """Let requests over a unix socket have the ``remote`` and ``scheme`` that nginx tells of.

    Only who may write to the socket is believed, and that is nginx; over TCP anybody could write the two headers, and
    aiohttp's own answer stands. ``request.clone(remote=..., scheme=...)`` goes before either, as ever.
    """
    remote, scheme = _original("remote"), _original("scheme")

    def told_remote(self: web.BaseRequest) -> str | None:
        told = self.headers.get(FOR) if _over_unix(self) else None
        # The last is whom nginx itself has seen; what stands before it the client may have written.
        return told.rpartition(",")[2].strip() if told else remote(self)

    def told_scheme(self: web.BaseRequest) -> str:
        told = self.headers.get(PROTO) if _over_unix(self) else None
        return told if told in SCHEMES else scheme(self)

    for name, function in (("remote", told_remote), ("scheme", told_scheme)):
        function.__name__ = name  # under which it is cached, where clone() puts what it is given
        function.__doc__ = _original(name).__doc__
        setattr(web.BaseRequest, name, under_cached_property(function))
    _keep_in_clones()


def _keep_in_clones() -> None:
    """Let a clone with other headers have the client of the request: under aiohttp it does not depend on them."""
    clone = web.BaseRequest.clone

    def kept(self: web.BaseRequest, **changes: Any) -> web.BaseRequest:
        if changes.get("headers", sentinel) is not sentinel:
            for name in ("remote", "scheme"):
                if changes.get(name, sentinel) is sentinel:
                    changes[name] = getattr(self, name)
        return clone(self, **changes)

    web.BaseRequest.clone = kept  # type: ignore[method-assign]


def _original(name: str) -> Callable[[web.BaseRequest], Any]:
    """Return the function behind one of aiohttp's cached properties."""
    function: Callable[[web.BaseRequest], Any] = vars(web.BaseRequest)[name].wrapped
    return function


def _over_unix(request: web.BaseRequest) -> bool:
    """Whether a request came over a unix socket: its own name is a path, not a pair of address and port."""
    return isinstance(request._transport_sockname, str)
