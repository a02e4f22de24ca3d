"""Tests of aiohttp_fleet/nginx/tls_text.py and expiry.py."""

import re

import pytest

from aiohttp_fleet.nginx.directives import listen_hosts
from aiohttp_fleet.nginx.tls_text import http_text, listen_text
from aiohttp_fleet.tls.certificate import Certificate
from aiohttp_fleet.tls.expiry import is_due, sentence

DAY = 86400.0


@pytest.mark.parametrize(
    ("http_port", "port", "outside", "inside"),
    [(80, 443, "", ""), (80, 8443, ":8443", ":8443"), (8080, 443, "", ""), (8080, 8443, "", ":8443")],
    ids=["usual", "https elsewhere", "http elsewhere", "both forwarded"],
)
def test_the_redirect_goes_to_where_the_client_can_reach_https(
    http_port: int, port: int, outside: str, inside: str
) -> None:
    """Whoever named a port speaks to nginx directly; whoever did not, by way of what forwards 80 and 443."""
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


@pytest.mark.parametrize(("left", "due"), [(89, False), (31, False), (19, False), (17, True), (0, True), (-1, True)])
def test_a_fifth_of_its_life_is_when_somebody_has_to_look(left: int, due: bool) -> None:
    """Of 90 days, 18: certbot has tried since 30."""
    certificate = Certificate(b"", ("example.org",), 0, 90 * DAY)
    assert is_due(certificate, (90 - left) * DAY) == due


def test_the_sentence_names_everything() -> None:
    """Whom it is for, and until when."""
    certificate = Certificate(b"", ("example.org", "www.example.org"), 0, 90 * DAY)
    line = sentence(certificate, 80 * DAY)
    assert line == "the certificate for example.org, www.example.org is valid until 1970-04-01 00:00 UTC, 10 days"
    assert sentence(certificate, 91 * DAY).endswith("expired 1970-04-01 00:00 UTC")
