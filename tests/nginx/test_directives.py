"""Tests of aiohttp_fleet/nginx/directives.py."""

import pytest

from aiohttp_fleet.nginx.directives import directive, listen_address


def test_comments_are_not_directives() -> None:
    """The first that counts is returned, without its semicolon."""
    assert directive("user", "# user nobody;\n  user www-data www-data ; # why\n") == "www-data www-data"
    assert directive("user", "# user nobody;\nuser_agent x;\n") is None


@pytest.mark.parametrize(
    ("listen", "reached"),
    [
        ("8080", ("127.0.0.1", 8080)),
        ("80 default_server", ("127.0.0.1", 80)),
        ("*:8080", ("127.0.0.1", 8080)),
        ("127.0.0.1:81 backlog=4096", ("127.0.0.1", 81)),
        ("[::]:8080", ("::1", 8080)),
        ("192.0.2.1", ("192.0.2.1", 80)),
        ("unix:/tmp/site.sock", None),
    ],
)
def test_the_address_can_be_connected_to(listen: str, reached: tuple[str, int] | None) -> None:
    """Every form of ``listen`` that the manual has."""
    assert listen_address(f"server {{\n  listen {listen};\n}}\n") == reached
