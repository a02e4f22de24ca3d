"""Tests of aiohttp_fleet/nginx/static/routes.py."""

import pytest

from aiohttp_fleet.nginx.static.routes import Route, mark_ineligible, parse_routes, static_conf

PLAIN = "server { location / { proxy_pass http://aiohttp; } location ^~ /.well-known/ { root x; } }"
ROUTE = Route("/static", "/srv/app/static", "")


def _reason(nginx_text: str, route: Route = ROUTE) -> str:
    return mark_ineligible([route], nginx_text)[0].reason


def test_a_plain_configuration_leaves_the_route_to_nginx() -> None:
    """Comments do not count."""
    assert _reason(PLAIN + "\n# location ~ x { }") == ""
    assert _reason(PLAIN, Route("/static", "/x", "it is mine")) == "it is mine"


@pytest.mark.parametrize(
    "text",
    [
        "server { }",
        "location / { deny all; proxy_pass http://aiohttp; }",
        "location / { proxy_pass http://aiohttp; auth_basic x; }",
        PLAIN + "location ~ \\.php$ { }",
        PLAIN + "location ~* x { }",
        PLAIN + "location /static { }",
        PLAIN + "location ^~ /static/ { }",
        PLAIN + "location = /static/a { }",
    ],
)
def test_whatever_else_decides_keeps_the_route_with_the_workers(text: str) -> None:
    """A password or a deny in location / would not apply to a location of its own."""
    assert _reason(text)


def test_a_directory_that_nginx_cannot_read_stays_with_the_workers() -> None:
    """nginx has no way to write a dollar sign."""
    assert _reason(PLAIN, Route("/static", "/srv/$x", ""))


def test_the_text_has_a_location_for_each_route_that_is_nginxs() -> None:
    """And none at all where there is none."""
    text = static_conf([ROUTE, Route("/other", "/o", "why")], PLAIN, gzip_static=True)
    assert "location ^~ /static/ {" in text
    assert "/other" not in text
    assert "proxy_pass http://aiohttp;" in text
    assert "    text/css css;" in text
    assert "gzip_static on;" in text
    assert "gzip_static" not in static_conf([ROUTE], PLAIN, gzip_static=False)
    assert static_conf([Route("/other", "/o", "why")], PLAIN, gzip_static=True) == ""
    assert r'alias "/a \"b\" \\/"' in static_conf([Route("/s", '/a "b" \\', "")], PLAIN, gzip_static=False)


def test_an_answer_of_another_form_is_a_value_error() -> None:
    """An older or newer worker may say something else."""
    assert parse_routes('[{"prefix": "/s", "directory": "/d", "reason": "", "more": 1}]') == (Route("/s", "/d", ""),)
    for text in ('{"routes": []}', "[1]", '[{"prefix": "/s"}]', "x"):
        with pytest.raises(ValueError, match="unexpected answer|Expecting value"):
            parse_routes(text)
