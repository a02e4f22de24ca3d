"""Tests of aiohttp_fleet/nginx/tls_text.py."""

import re

import pytest

from aiohttp_fleet.nginx.directives import listen_hosts
from aiohttp_fleet.nginx.tls_text import http_text, listen_text


@pytest.mark.parametrize(
    ("http_port", "port", "outside", "inside"),
    [(80, 443, "", ""), (80, 8443, ":8443", ":8443"), (8080, 443, "", ""), (8080, 8443, "", ":8443")],
    ids=["usual", "https elsewhere", "http elsewhere", "both forwarded"],
)
def test_the_redirect_goes_to_where_the_client_can_reach_https(
    http_port: int, port: int, outside: str, inside: str
) -> None:
    """A client that names a port speaks to nginx directly; one that does not, through what forwards 80 and 443."""
    text = http_text(["example.org"], http_port, port, hsts=False)
    assert f'default "{outside}";\n  "~:[0-9]+$" "{inside}";' in text


def test_long_names_get_a_wider_table() -> None:
    """Nginx would refuse the file."""
    assert "map_hash_bucket_size" not in http_text(["www.example.org"], 80, 443, hsts=False)
    assert "map_hash_bucket_size" in http_text(["www.example.org", "a" * 60 + ".example.org"], 80, 443, hsts=False)


def test_https_listens_where_http_does() -> None:
    """The same addresses, another port."""
    hosts = listen_hosts(
        "listen 80;\n# listen [::]:80;\nlisten 127.0.0.1:81 backlog=1;\nlisten [::]:80;\nlisten unix:/a;\n"
    )
    assert hosts == ["", "127.0.0.1:", "[::]:"]
    assert re.findall("listen (.*) backlog", listen_text(["", "[::]:"], 443)) == ["443 ssl", "[::]:443 ssl"]
