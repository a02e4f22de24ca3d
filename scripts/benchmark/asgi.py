"""The same answers without a framework, for the servers that speak ASGI: what a server can reach at most."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from scripts.benchmark.app import DOCUMENT, HELLO, PAGE

Message = MutableMapping[str, Any]
ANSWERS: dict[str, tuple[bytes, Callable[[], bytes]]] = {
    "/": (b"text/plain", lambda: HELLO),
    "/json": (b"application/json", lambda: json.dumps(DOCUMENT).encode()),
    "/page": (b"text/html", lambda: PAGE),
}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/echo":
        kind, body, more = b"application/octet-stream", b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
    else:
        kind, make = ANSWERS[scope["path"]]
        body = make()
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
