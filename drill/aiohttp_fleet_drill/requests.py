"""The requests of a load, and what is expected of each. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass

SMALL = 500
"""Bytes of a POST to an application that is not the drill's."""
POST_ID = "Drill-Id"
"""The header with the id of a POST, which no other POST has."""
POSTS = "DRILL_POSTS"
"""The environment variable with the path of the file, which exists, in which all workers note the POSTs they handle."""


@dataclass(frozen=True)
class Request:
    """A request and what is expected of its response.

    Attributes:
        method: GET or POST.
        path: the path.
        body: the body of a POST.
        echoed: whether the response must have exactly this body.
        sleeps: seconds that the handler sleeps.
        timed: whether its latency counts; that of a large response says more about the client.
    """

    method: str
    path: str
    body: bytes = b""
    echoed: bool = False
    sleeps: float = 0.0
    timed: bool = True


NextRequest = Callable[[random.Random, int], Request]
"""Makes a request from a random source and a number."""


def mixed(chance: random.Random, number: int) -> Request:
    """Return the next request of the drill's mix: half of it POST, one in 40 slow, one in 400 large."""
    body = chance.randbytes(chance.randrange(1, 2000)) if number % 2 else b""
    method = "POST" if body else "GET"
    if number % 80 in (0, 41):
        sleeps = chance.uniform(0.5, 2)
        return Request(method, f"/slow?seconds={sleeps:.3f}", body, echoed=bool(body), sleeps=sleeps)
    if number % 400 == 20:
        return Request("GET", "/large", timed=False)
    return Request(method, "/", body, echoed=bool(body))


def plain(get: str, post: str | None, echoed: bool = False) -> NextRequest:
    """Return what makes GET and POST in turn, for an application that is not the drill's.

    Args:
        get: the path to GET.
        post: the path to POST to, None to GET only.
        echoed: whether the application sends the body of a POST back.
    """

    def next_request(chance: random.Random, number: int) -> Request:
        if post and number % 2:
            return Request("POST", post, chance.randbytes(SMALL), echoed)
        return Request("GET", get)

    return next_request
