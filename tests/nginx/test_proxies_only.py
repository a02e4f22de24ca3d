"""Tests of aiohttp_fleet/nginx/proxies_only.py."""

import pytest

from aiohttp_fleet.nginx.proxies_only import proxies_only
from tests.place import PROJECT

SHIPPED = (PROJECT / "deploy" / "nginx.conf").read_text()


def test_the_shipped_file_only_asks() -> None:
    """With https, static files and the rest, which it includes."""
    assert proxies_only(SHIPPED)


@pytest.mark.parametrize(
    "own",
    [
        "location /admin { deny all; }",
        "location = /x { proxy_pass http://aiohttp; }",
        "location ~ \\.php$ { return 404; }",
        "include mine.conf;",
    ],
)
def test_a_location_of_its_own_is_seen(own: str) -> None:
    """Or a file that may have one."""
    assert not proxies_only(SHIPPED.replace("server_name _;", f"server_name _; {own}"))


def test_more_in_the_location_is_seen() -> None:
    """A password, say; around the locations it holds for all of them."""
    assert not proxies_only(SHIPPED.replace("location / {", 'location / { auth_basic "x";'))
    assert proxies_only(SHIPPED.replace("server_name _;", 'server_name _; auth_basic "x";'))
