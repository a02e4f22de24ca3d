"""Whether nginx.conf does with a request what the shipped one does: it asks the workers, and nothing else."""

from collections.abc import Iterator

from aiohttp_fleet.nginx.parser import Statement, parsed

CHALLENGE = ("location", "^~", "/.well-known/acme-challenge/")
INCLUDED = ("tls/server*.conf", "static*.conf", "run/before-*.conf")
"""What a server includes as shipped."""


def proxies_only(text: str) -> bool:
    """Whether each request may be answered by what the workers say, whatever location it is for.

    Not where a location of somebody's own, or something in ``location /``, could forbid it or answer otherwise.

    Args:
        text: of nginx.conf.

    Raises:
        FleetError: a brace or a semicolon is missing.
    """
    return all(map(_is_shipped, _inside_servers(parsed("nginx.conf", text))))


def _inside_servers(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    for one in statements:
        if one.name == "http":
            yield from (inner for server in one.block or () if server.name == "server" for inner in server.block or ())


def _is_shipped(one: Statement) -> bool:
    if one.name == "location":
        asks = one.words == ("location", "/") and all(inner.name == "proxy_pass" for inner in one.block or ())
        return asks or one.words == CHALLENGE
    return one.name != "include" or one.words[1] in INCLUDED
