"""Tests of aiohttp_fleet/nginx/directives.py."""

import pytest

from aiohttp_fleet.nginx.directives import directive, listen_address, proxied_to
from tests.place import PROJECT

SHIPPED = (PROJECT / "deploy" / "nginx.conf").read_text()


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


def test_the_shipped_file_only_asks_the_workers() -> None:
    """A directive outside of the locations holds for all of them, so it changes nothing."""
    assert proxied_to(SHIPPED) == "http://aiohttp"
    assert proxied_to(SHIPPED.replace("server_name _;", 'server_name _; auth_basic "x";')) == "http://aiohttp"
    absolute = SHIPPED.replace("include kit/", "include /srv/a/deploy/kit/").replace(
        "http://aiohttp", "http://a_aiohttp"
    )
    assert proxied_to(absolute) == "http://a_aiohttp"


@pytest.mark.parametrize(
    "own",
    [
        "location /admin { deny all; }",
        "location = /x { proxy_pass http://aiohttp; }",
        "location ~ \\.php$ { return 404; }",
        "include mine.conf;",
    ],
)
def test_a_location_of_the_users_own_is_found(own: str) -> None:
    """Or a file that may have one; not in a comment."""
    assert proxied_to(SHIPPED.replace("server_name _;", f"server_name _; {own}")) == ""
    assert proxied_to(SHIPPED.replace("server_name _;", f"server_name _; # {own}")) != ""


def test_more_in_the_location_is_found() -> None:
    """A password, say."""
    assert proxied_to(SHIPPED.replace("location / {", 'location / { auth_basic "x";')) == ""
