"""The client as the application sees it: the browser, not nginx.

nginx sends the client's address and scheme in two headers, which aiohttp ignores. A request computes ``remote`` and
``scheme`` when they are first read; ``url``, ``secure`` and the access log's ``%a`` derive from them. So it is enough
to compute these two from the headers, and a request that never reads them costs nothing.
"""

from aiohttp import web

from aiohttp_fleet.worker.aiohttp_internals import keep_client_in_clones, over_unix_socket, override_property

FOR = "X-Forwarded-For"
PROTO = "X-Forwarded-Proto"
SCHEMES = ("http", "https")


def use_forwarded_headers() -> None:
    """Derive ``request.remote`` and ``request.scheme`` from X-Forwarded-For and X-Forwarded-Proto.

    Over a unix socket only: its mode decides who may write to it, and that is nginx. Over TCP any client can send the
    two headers, so aiohttp's own values stay. ``request.clone(remote=..., scheme=...)`` overrides either.
    """
    override_property("remote", _remote)
    override_property("scheme", _scheme)
    keep_client_in_clones()


def _remote(request: web.BaseRequest) -> str | None:
    header = request.headers.get(FOR) if over_unix_socket(request) else None
    # nginx has appended the last address itself; the client may have written the others.
    return header.rpartition(",")[2].strip() if header else None


def _scheme(request: web.BaseRequest) -> str | None:
    header = request.headers.get(PROTO) if over_unix_socket(request) else None
    return header if header in SCHEMES else None
