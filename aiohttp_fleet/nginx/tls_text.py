"""The text of nginx for HTTPS: what depends on the domain and the port; the rest is in tls.conf."""

from collections.abc import Sequence

LONG = 40
"""Characters of a name above which nginx's table for names needs wider buckets than its default of 64 bytes."""
HTTP2_ON = "1.25.1"
"""The first nginx that wants HTTP/2 as a directive (https://nginx.org/en/docs/http/ngx_http_v2_module.html#http2)."""
HSTS_AGE = 63072000
"""Seconds, two years, as Mozilla's guideline has it."""

_HTTP = """\
# Written by "fleet tls", anew each time; nginx.conf includes it into its http block.

include tls.conf;
{buckets}
# A plain request for one of these names goes to https, unless it is the ACME server's. Other names, such as the address
# of the machine, are served as before: no certificate would fit them.
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
# Browsers that have seen it use https only, for two years. An empty header is not sent, and plain http may not have it.
# https://www.rfc-editor.org/rfc/rfc6797#section-7.2
map $scheme $hsts {{
  default "";
  https "max-age={age}";
}}
"""

_SERVER = """\
# Written by "fleet tls", anew each time; nginx.conf includes it into its server block.

# The port, and HTTP/2: one of listen/, by the launcher, because nginx changed how it is written.
include run/tls-listen.conf;

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
    """Return what belongs into the http block.

    Args:
        domains: names that are redirected.
        http_port: where nginx listens for http.
        port: where it listens for https.
        hsts: whether browsers are told to use nothing but https.
    """
    inside = "" if port == 443 else f":{port}"
    forwarded = http_port != 80
    why = "http is forwarded to us, so https is too, unless the client named a port" if forwarded else "where we listen"
    return _HTTP.format(
        buckets="\nmap_hash_bucket_size 512;\n" if max(map(len, domains)) > LONG else "",
        names="\n".join(f'  "http {domain}" $uri;' for domain in domains),
        why=why,
        outside="" if forwarded else inside,
        inside=inside,
    ) + (_HSTS.format(age=HSTS_AGE) if hsts else "")


def server_text(hsts: bool) -> str:
    """Return what belongs into the server block."""
    return _SERVER + (_SERVER_HSTS if hsts else "")


def listen_texts(hosts: Sequence[str], port: int) -> dict[str, str]:
    """Return the ``listen`` lines, by the first version of nginx that is to have them.

    Args:
        hosts: what stands before the port, see `aiohttp_fleet.nginx.tls_files.listens`.
        port: of https.
    """
    # backlog as for http, see nginx.conf
    old = "".join(f"listen {host}{port} ssl http2 backlog=4096;\n" for host in hosts)
    return {"0": old, HTTP2_ON: old.replace(" http2 ", " ") + "http2 on;\n"}
