"""static.conf: the application's static routes, as nginx serves them."""

import re
from collections.abc import Iterator, Mapping

from aiohttp_fleet.nginx.static.eligibility import workers
from aiohttp_fleet.nginx.static.routes import Route, Static

_ADDS = re.compile(r"^[^#\n]*\badd_header\s", re.MULTILINE)
_PLAIN = re.compile(r"[\w.+/-]+", re.ASCII)
_HEAD = """\
# The application's static routes, served by nginx: written by "fleet render --write", not to be edited. Without this
# file the workers serve them. What it is about: docs/static.md
"""
_FALLBACK = """
# Whatever nginx does not find, or may not read, a worker answers.
location @static_workers {
  proxy_pass %(workers)s;
}
"""
_SIBLINGS = """
    # A compressed sibling, for who accepts it: .br before .gz.
    set $static_sibling "";
    set $static_encoding "";
    set $static_vary "";
    if (-f "${static_no_gzip}%(directory)s/$static_file.gz") {
      set $static_sibling .gz;
      set $static_encoding gzip;
      set $static_vary Accept-Encoding;
    }
    if (-f "${static_no_br}%(directory)s/$static_file.br") {
      set $static_sibling .br;
      set $static_encoding br;
      set $static_vary Accept-Encoding;
    }
    if ($static_sibling) {
      gzip off;
    }
    alias "%(directory)s/$static_file$static_sibling";
    add_header Content-Encoding $static_encoding;
    add_header Vary $static_vary;
"""
_NO_SIBLINGS = """
    # A compressed sibling comes from a worker: the header that it needs would take the place of your add_header.
    set $static_encoding "";
    set $static_vary "";
    if (-f "${static_no_gzip}%(directory)s/$static_file.gz") {
      proxy_pass %(workers)s;
    }
    if (-f "${static_no_br}%(directory)s/$static_file.br") {
      proxy_pass %(workers)s;
    }
    alias "%(directory)s/$static_file";
"""
_ROUTE = """
location %(prefix)s {

  proxy_pass %(workers)s;

  location ~ "^%(pattern)s/(?<static_file>.*[^/])$" {
%(siblings)s
    # aiohttp follows a link only where it may lead, so a worker decides about each.
    disable_symlinks on "from=%(directory)s/";

    # aiohttp's own types, and its default.
    types {
%(types)s
    }
    default_type application/octet-stream;
    types_hash_max_size 4096;
    if_modified_since before;

    # Each file as it is now, not as it was a second ago.
    open_file_cache off;

    # Not an error: a worker answers. It has its own headers.
    error_page 403 404 500 = @static_workers;
    error_log stderr alert;
    if (-d "%(directory)s/$static_file") {
      set $static_encoding "";
      set $static_vary "";
      proxy_pass %(workers)s;
    }
    if ($static_by_worker) {
      set $static_encoding "";
      set $static_vary "";
      proxy_pass %(workers)s;
    }

  }

}
"""


def rendered(static: Static, nginx_text: str) -> str:
    """Return the text of static.conf; nothing but a comment where no route is for nginx.

    Args:
        static: as `judged`.
        nginx_text: the text of nginx.conf; a header that it adds holds for static files too, and only as long as their
            location adds none (https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header).
    """
    siblings = _NO_SIBLINGS if _ADDS.search(nginx_text) else _SIBLINGS
    places = {
        "workers": workers(nginx_text),
        "types": "\n".join(f"      {line}" for line in _types(static.types)),
    }
    served = [_ROUTE.replace("%(siblings)s", siblings) % {**places, **_places(route)} for route in static.served]
    return "".join([_HEAD, *([_FALLBACK % places] if served else []), *served])


def _places(route: Route) -> Mapping[str, str]:
    directory = route.directory.rstrip("/")
    return {"prefix": route.prefix, "pattern": re.escape(route.prefix), "directory": _escaped(directory)}


def _types(types: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each type. Endings with capitals are left out: nginx, which ignores case, asks a worker."""
    for name in sorted(set(types.values())):
        endings = sorted(ending[1:] for ending, found in types.items() if found == name and ending == ending.lower())
        if endings:
            yield f"{' '.join(map(_word, [name, *endings]))};"


def _word(text: str) -> str:
    """Return a word of nginx.conf, in quotes where it needs them."""
    return text if _PLAIN.fullmatch(text) else f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)
