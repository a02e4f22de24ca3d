"""The client as the application sees it: the browser, not nginx.

nginx sends the client's address and scheme in two headers, which aiohttp ignores. A request computes ``remote`` and
``scheme`` when they are first read; ``url``, ``secure`` and the access log's ``%a`` derive from them. So it is enough
to compute these two from the headers, and a request that never reads them costs nothing.
"""

from aiohttp import web

from aiohttp_fleet.worker.aiohttp_internals import keep_client_in_clones, override_property

FOR = "X-Forwarded-For"
PROTO = "X-Forwarded-Proto"
SCHEMES = ("http", "https")


def use_forwarded_headers(is_unix: bool) -> None:
    """Derive ``request.remote`` and ``request.scheme`` from X-Forwarded-For and X-Forwarded-Proto.

    Over a unix socket only: its mode decides who may write to it, and that is nginx. Over TCP any client can send the
    two headers, so aiohttp's own values stay. ``request.clone(remote=..., scheme=...)`` overrides either.

    Args:
        is_unix: whether the application is served on unix sockets only. Where it is not, the socket is asked, which
            cannot tell any more when a property is first read after the connection has closed.
    """
    override_property("remote", lambda request: _remote(request) if is_unix or _over_unix_socket(request) else None)
    override_property("scheme", lambda request: _scheme(request) if is_unix or _over_unix_socket(request) else None)
    keep_client_in_clones()


def _over_unix_socket(request: web.BaseRequest) -> bool:
    """Whether the worker's own address is a path, not a pair of host and port."""
    return isinstance(request.get_extra_info("sockname"), str)


def _remote(request: web.BaseRequest) -> str | None:
    header = request.headers.get(FOR)
    # nginx has appended the last address itself; the client may have written the others.
    return header.rpartition(",")[2].strip() if header else None


def _scheme(request: web.BaseRequest) -> str | None:
    header = request.headers.get(PROTO)
    return header if header in SCHEMES else None
