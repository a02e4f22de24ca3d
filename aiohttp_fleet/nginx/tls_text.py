"""nginx's files for HTTPS: what depends on the domain and the port; the rest is in kit/tls.conf."""

from collections.abc import Sequence

LONG = 40
"""Longest name, in characters, that fits into the buckets of nginx's table for names, 64 bytes."""
HSTS_AGE = 63072000
"""Seconds, two years, as Mozilla's guideline has it."""

_HTTP = """\
# Written by "fleet tls": do not edit. kit/http.conf includes it.
{buckets}
# A plain request for one of these names is redirected to https, unless it is the ACME server's. Other names, such as
# the machine's address, are served as before: no certificate is for them.
# https://nginx.org/en/docs/http/ngx_http_map_module.html
map "$scheme $host" $plain_path {{
  default "";
{names}
}}
map $plain_path $to_https {{
  default 1;
  "" 0;
  "~^/\\.well-known/acme-challenge/" 0;
}}

# The port in the redirect: {why}.
map $http_host $https_port {{
  default "{outside}";
  "~:[0-9]+$" "{inside}";
}}
"""

_HSTS = """
# A browser that gets it uses https only, for two years. An empty header is not sent; plain http may not have it.
# https://www.rfc-editor.org/rfc/rfc6797#section-7.2
map $scheme $hsts {{
  default "";
  https "max-age={age}";
}}
"""

_SERVER = """\
# Written by "fleet tls": do not edit. kit/server.conf includes it. The port is in run/server.conf, because the way to
# enable HTTP/2 depends on nginx's version.

include kit/tls.conf;

# https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate
ssl_certificate tls/certbot/live/fleet/fullchain.pem;
ssl_certificate_key tls/certbot/live/fleet/privkey.pem;

# 308, not 301: a POST stays a POST.
# https://www.rfc-editor.org/rfc/rfc9110#section-15.4.9
if ($to_https) {
  return 308 https://$host$https_port$request_uri;
}
"""

_SERVER_HSTS = """
# A location with an add_header of its own does not inherit it: repeat the line there.
# https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header
add_header Strict-Transport-Security $hsts always;
"""


def http_text(domains: Sequence[str], http_port: int, port: int, hsts: bool) -> str:
    """Return the file for the http block.

    Args:
        domains: names that are redirected.
        http_port: of nginx, for http.
        port: of nginx, for https.
        hsts: whether browsers shall use nothing but https from now on.
    """
    inside = "" if port == 443 else f":{port}"
    forwarded = http_port != 80
    why = "http is forwarded to us, and so is https, unless the client named a port" if forwarded else "that of nginx"
    return _HTTP.format(
        buckets="\nmap_hash_bucket_size 512;\n" if max(map(len, domains)) > LONG else "",
        names="\n".join(f'  "http {domain}" $uri;' for domain in domains),
        why=why,
        outside="" if forwarded else inside,
        inside=inside,
    ) + (_HSTS.format(age=HSTS_AGE) if hsts else "")


def server_text(hsts: bool) -> str:
    """Return the file for the server block."""
    return _SERVER + (_SERVER_HSTS if hsts else "")


def listen_text(hosts: Sequence[str], port: int) -> str:
    """Return the ``listen`` lines, without HTTP/2.

    Args:
        hosts: what is in front of the port, see `aiohttp_fleet.nginx.directives.listen_hosts`.
        port: of https.
    """
    return "".join(f"listen {host}{port} ssl backlog=4096;\n" for host in hosts)  # backlog as for http
