"""Tests of aiohttp_fleet/nginx/static/eligibility.py and static_conf.py."""

import re
from collections.abc import Callable

import pytest

from aiohttp_fleet.nginx.static.eligibility import agreed, judged, sentences
from aiohttp_fleet.nginx.static.routes import Route, Static
from aiohttp_fleet.nginx.static.text import rendered
from tests.place import PROJECT

SHIPPED = (PROJECT / "deploy" / "nginx.conf").read_text()
STATIC = Static((Route("/static", "/srv/shop/static", ""), Route("/own", "/srv", "so")), {".css": "text/css"})


def _changed(pattern: str, new: str) -> str:
    text, count = re.subn(pattern, new, SHIPPED)
    assert count
    return text


def test_a_route_becomes_a_location() -> None:
    """And one that nginx cannot serve does not; who serves what is said."""
    text = rendered(judged(STATIC, SHIPPED), SHIPPED)
    assert "location /static {" in text
    assert "text/css css;" in text
    assert "/own" not in text
    assert list(sentences(judged(STATIC, SHIPPED))) == [
        "/static: served by nginx, from /srv/shop/static",
        "/own: served by the workers, because so",
    ]


def test_the_workers_are_those_of_location() -> None:
    """Whatever their upstream is called; and a comment is nothing."""
    own = _changed(r"proxy_pass http://aiohttp;", "proxy_pass http://shop; # deny all;")
    assert judged(STATIC, own) == STATIC
    assert "proxy_pass http://shop;" in rendered(STATIC, own)
    assert "aiohttp;" not in rendered(STATIC, own)


def test_without_a_route_it_is_a_comment() -> None:
    """Which nginx reads as nothing."""
    assert all(line.startswith("#") for line in rendered(Static(), SHIPPED).splitlines())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: _changed(r"\n *include static\*\.conf;", ""), "has no include static*.conf;"),
        (lambda: _changed(r"(location / \{)", r'\1 auth_basic "x";'), "does more than ask the workers"),
        (lambda: _changed(r"(location / \{)", r"\1 if ($x) { return 403; }"), "does more than ask the workers"),
        (lambda: _changed(r"location / \{", r'location "/" {'), "does more than ask the workers"),
        (lambda: _changed(r"(location / \{)", r"location / { deny all; } }\nserver { \1"), "does more than ask"),
        (lambda: _changed(r"(location / \{)", r"location ~ \.php$ { return 404; }\n    \1"), "regular expression"),
        (lambda: _changed(r"(location / \{)", r"location ^~ /static/ { root /x; }\n    \1"), "a location of its own"),
        (lambda: _changed(r"(location / \{)", r"location /static { root /x; }\n    \1"), "a location of its own"),
        (lambda: _changed(r"(location / \{)", r"location ~* \.php$ { return 404; }\n    \1"), "regular expression"),
    ],
)
def test_what_an_operator_has_written_is_not_passed_by(change: Callable[[], str], reason: str) -> None:
    """A password in location / would no longer be asked for; a comment is nothing."""
    found = judged(STATIC, change())
    assert reason in found.routes[0].reason
    assert "location" not in rendered(found, SHIPPED)


def test_a_directory_is_written_so_that_nginx_reads_the_same() -> None:
    """Quotes can be; a dollar would be a variable."""
    odd = Static((Route("/a", '/srv/a "b"\\c', ""), Route("/b", "/srv/$b", ""), Route("/c", "/srv/\udcff", "")))
    found = judged(odd, SHIPPED)
    assert [bool(route.reason) for route in found.routes] == [False, True, True]
    assert r'alias "/srv/a \"b\"\\c/$static_file$static_sibling";' in rendered(found, SHIPPED)


def test_a_type_is_written_so_that_nginx_reads_the_same() -> None:
    """The application may have added any; an ending with capitals is a worker's, because nginx ignores case."""
    text = rendered(Static(STATIC.routes, {".txt": "text/plain; charset=utf-8", ".Z": "a/z", ".7z": "a/7"}), SHIPPED)
    assert '"text/plain; charset=utf-8" txt;' in text
    assert "a/7 7z;" in text
    assert "a/z" not in text


def test_workers_with_different_code_do_not_agree() -> None:
    """Until they do, no route is nginx's."""
    assert agreed([STATIC, STATIC]) == STATIC
    other = Static((Route("/static", "/srv/new", ""),), STATIC.types)
    assert all(route.reason for route in agreed([STATIC, other]).routes)


def test_an_operators_own_headers_are_kept() -> None:
    """A location that adds one loses those of the server; so none is added, and a sibling comes from a worker."""
    own = _changed(r"(server_name _;)", r"\1 add_header X-Own yes;")
    assert "add_header" in rendered(STATIC, SHIPPED)
    assert "add_header C" not in rendered(STATIC, own)
    assert "add_header" in rendered(STATIC, _changed(r"(server_name _;)", r"\1 # add_header X-Own yes;"))
