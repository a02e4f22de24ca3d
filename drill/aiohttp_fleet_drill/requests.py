"""What is asked, and what is expected. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass

SMALL = 500
"""Bytes of a POST to an application that is not the drill's."""


@dataclass(frozen=True)
class Request:
    """A request and what is expected.

    Attributes:
        method: GET or POST.
        path: the path.
        body: what is sent with a POST.
        echoed: whether exactly this body is expected back.
        sleeps: seconds that the handler takes by itself.
        timed: whether its latency counts; a large answer's says more about the client.
    """

    method: str
    path: str
    body: bytes = b""
    echoed: bool = False
    sleeps: float = 0.0
    timed: bool = True

    def wire(self) -> bytes:
        """Return its bytes."""
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: drill\r\nContent-Length: {len(self.body)}\r\n\r\n"
        return head.encode() + self.body


NextRequest = Callable[[random.Random, int], Request]
"""Makes a request of a random source and a number."""


def mixed(chance: random.Random, number: int) -> Request:
    """Return the next request of a mix: every second a POST, one in 40 slow, one in 400 large."""
    if number % 2:
        return Request("POST", "/", chance.randbytes(chance.randrange(1, 2000)), echoed=True)
    if number % 40 == 0:
        sleeps = chance.uniform(0.5, 2)
        return Request("GET", f"/slow?seconds={sleeps:.3f}", sleeps=sleeps)
    return Request("GET", "/large", timed=False) if number % 400 == 20 else Request("GET", "/")


def plain(get: str, post: str | None, echoed: bool = False) -> NextRequest:
    """Return what makes GET and POST in turn, for an application that is not the drill's.

    Args:
        get: the path to GET.
        post: the path to POST to, None to GET only.
        echoed: whether it sends back what is POSTed.
    """

    def ask(chance: random.Random, number: int) -> Request:
        if post and number % 2:
            return Request("POST", post, chance.randbytes(SMALL), echoed)
        return Request("GET", get)

    return ask
