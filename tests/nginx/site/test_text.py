"""Tests of aiohttp_fleet/nginx/site/text.py and prefix.py: nginx.conf made a site."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.parser import parsed, printed
from aiohttp_fleet.nginx.site.text import site_text
from tests.place import PROJECT

CONF = Path("/srv/shop/deploy/nginx.conf")


def made(text: str, files: Mapping[str, str] | None = None) -> str:
    """The site, without what is above it."""
    whole = site_text(CONF, text, lambda pattern: {pattern: files[pattern]} if files and pattern in files else {})
    return "".join(line for line in whole.splitlines(keepends=True) if not line.startswith("#")).lstrip()


def test_only_what_belongs_into_a_site_is_left() -> None:
    """Of the shipped file: nothing of the main context, no log, no directory, no path that is relative."""
    site = made((PROJECT / "deploy" / "nginx.conf").read_text())
    for word in ("worker_", "pid ", "events", "access_log", "error_log", "_temp_path", "include", "backlog", "run/"):
        assert word not in site
    names = [one.name for one in parsed("site", site)]
    assert names == ["upstream", "map", "map", "map", "map", "server"]


def test_names_that_all_sites_share_carry_the_projects() -> None:
    """Upstreams, variables, shared memory and formats, wherever they stand; words that are like them stay."""
    site = made("""http {
      upstream aiohttp { server unix:/s; }
      map $host $site { default "$site$sites"; }
      log_format short "$site";
      proxy_cache_path /c keys_zone=micro:1m;
      limit_req_zone $site zone=each:1m rate=1r/s;
      map $host $kept { default off; "" micro; }
      server { proxy_pass http://aiohttp/x; proxy_cache micro; limit_conn each 1;
               limit_req zone=each; access_log /l short; root /micro; set $x $kept; }
    }""")
    assert (
        site
        == """\
upstream srv_shop_aiohttp {
  zone srv_shop_aiohttp 64k;
  server unix:/s;
}

map $host $srv_shop_site {
  default "$srv_shop_site$sites";
}

log_format srv_shop_short "$srv_shop_site";
proxy_cache_path /c keys_zone=srv_shop_micro:1m;
limit_req_zone $srv_shop_site zone=srv_shop_each:1m rate=1r/s;

map $host $srv_shop_kept {
  default off;
  "" srv_shop_micro;
}

server {
  proxy_pass http://srv_shop_aiohttp/x;
  proxy_cache srv_shop_micro;
  limit_conn srv_shop_each 1;
  limit_req zone=srv_shop_each;
  access_log /l srv_shop_short;
  root /micro;
  set $x $srv_shop_kept;
}
"""
    )


def test_what_stood_around_the_server_is_inherited_by_it() -> None:
    """Where it has no such directive itself; what is included stands in its place, with paths written out."""
    site = made(
        "http { gzip on; sendfile off; include tls/http*.conf; server { listen 80 backlog=9; sendfile on; } }",
        {"tls/http*.conf": "ssl_certificate tls/c.pem; ssl_session_cache shared:TLS:1m;"},
    )
    assert (
        site
        == """\
server {
  listen 80;
  gzip on;
  ssl_certificate /srv/shop/deploy/tls/c.pem;
  ssl_session_cache shared:TLS:1m;
  sendfile on;
}
"""
    )


def test_a_path_keeps_its_meaning() -> None:
    """Above deploy/, with a "/" at the end, absolute, a variable, or none at all."""
    site = made(
        "http { server { alias ../static/; root $document_root; error_log stderr; access_log off; index /i; } }"
    )
    assert 'root "/srv/shop/deploy/a b";' in made("http { server { root 'a b'; } }")
    for line in ("alias /srv/shop/static/;", "root $document_root;", "error_log stderr;", "access_log off;"):
        assert f"  {line}\n" in site


def test_a_file_is_printed_as_nginx_reads_it() -> None:
    """Quotes, braces and # inside of words; comments go."""
    text = 'a "x;{" \'#\' b#c ${d}e;\n\nif (-f "f") {\n  r "~^(\\S+) \\"1$";\n}\n'
    assert printed(parsed("x", f"# one\n{text} # two")) == text


@pytest.mark.parametrize("text", ["http { server { }", "http { } }", "http { server { a }"])
def test_a_brace_too_many_or_too_few_is_told(text: str) -> None:
    """nginx itself says where."""
    with pytest.raises(FleetError, match="nginx -t says where"):
        made(text)


def test_a_file_without_http_is_told() -> None:
    """It is no nginx.conf."""
    with pytest.raises(FleetError, match="there is no http block in it"):
        made("events { }")


def test_maps_that_nothing_uses_are_left_out() -> None:
    """Nor what only those use; nginx has one table of names for all of its sites."""
    site = made("""http {
      map $host $used { default 1; }
      map $unused $neither { default 1; }
      map $host $unused { default 1; }
      server { set $x $used; }
    }""")
    assert [one.words[-1] for one in parsed("site", site) if one.name == "map"] == ["$srv_shop_used"]
