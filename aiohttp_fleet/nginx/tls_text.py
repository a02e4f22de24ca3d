"""nginx's files for HTTPS: what depends on the domain and the port; the rest is in kit/tls.conf."""

from collections.abc import Sequence

from aiohttp_fleet.common.templates import filled, template

LONG = 40
"""Longest name, in characters, that fits into the buckets of nginx's table for names, 64 bytes."""


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
    values = {
        "BUCKETS": "\nmap_hash_bucket_size 512;\n" if max(map(len, domains)) > LONG else "",
        "NAMES": "\n".join(f'  "http {domain}" $uri;' for domain in domains),
        "WHY": why,
        "OUTSIDE": "" if forwarded else inside,
        "INSIDE": inside,
    }
    return filled("generated/tls-http.conf", values) + (template("generated/hsts-http.conf") if hsts else "")


def server_text(hsts: bool) -> str:
    """Return the file for the server block."""
    return template("generated/tls-server.conf") + (template("generated/hsts-server.conf") if hsts else "")


def listen_text(hosts: Sequence[str], port: int) -> str:
    """Return the ``listen`` lines, without HTTP/2.

    Args:
        hosts: what is in front of the port, see `aiohttp_fleet.nginx.directives.listen_hosts`.
        port: of https.
    """
    return "".join(f"listen {host}{port} ssl backlog=4096;\n" for host in hosts)  # backlog as for http
