"""``fleet tls``: obtain a certificate, renew it, check it, and serve https with it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from aiohttp_fleet.common.findings import Finding, Level, failed, failures_of
from aiohttp_fleet.common.hostnames import is_domain
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.tls.certbot import certonly, find_certbot, renew, run_certbot
from aiohttp_fleet.tls.certificate import Certificate, served_certificate
from aiohttp_fleet.tls.challenge import check_challenge
from aiohttp_fleet.tls.install import check_https, install, reload

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
"""https://letsencrypt.org/docs/acme-protocol-updates/; for trials https://acme-staging-v02.api.letsencrypt.org/directory."""
PORT = click.IntRange(1, 65535)


@dataclass(frozen=True)
class TlsRequest:
    """What the operator wants.

    Attributes:
        domains: names for the certificate.
        email: address that the ACME server may write to, None for none.
        server: URL of its directory.
        http_port: port where it asks for the challenge.
        port: where nginx is to listen for https.
        hsts: whether browsers shall use nothing but https from now on.
    """

    domains: tuple[str, ...]
    email: str | None
    server: str
    http_port: int
    port: int
    hsts: bool


@command
@click.argument("domain", nargs=-1)
@click.option("--email", metavar="ADDRESS", help="Address that the ACME server may write to.")
@click.option("--server", metavar="URL", default=LETS_ENCRYPT, show_default=True, help="Directory of the ACME server.")
@click.option("--hsts", is_flag=True, help="Make browsers use nothing but https for two years.")
@click.option("--port", type=PORT, default=443, show_default=True, help="Port where nginx listens for https.")
@click.option("--http-port", type=PORT, default=80, show_default=True, help="Port where the ACME server asks.")
@click.option("--renew", is_flag=True, help="Renew the certificate if it is time; for a timer, twice a day.")
@click.option("--check", is_flag=True, help="Exit 1 when the certificate is about to expire.")
def tls(context: FleetContext, domain: tuple[str, ...], renew: bool, check: bool, **options: Any) -> int:
    """Serve https, with a certificate from an ACME server.

    Obtains a certificate for each DOMAIN with certbot, which accepts the ACME server's terms of service.
    """
    if bool(domain) + renew + check != 1:
        raise click.UsageError("Name a domain, or --renew, or --check.")
    names = tuple(dict.fromkeys(name.lower().rstrip(".") for name in domain))
    if wrong := [name for name in names if not is_domain(name)]:
        raise click.UsageError(f"{wrong[0]!r} is not a domain, such as www.example.org.")
    fleet, steps = context.fleet(), list[str]()
    context.output.add(steps=steps)
    if not check:
        with exclusive_lock(fleet, "fleet tls"):
            if renew:
                lines = renew_certificate(fleet, supervisord_of(fleet))
            else:
                request = TlsRequest(names, **options)
                context.require(check_obtain(fleet, request))
                lines = obtain(fleet, supervisord_of(fleet), request)
            for line in lines:
                steps.append(line)
                context.output.line(line)
    if fleet.nginx or not domain:
        _check(context, fleet)
    return 0


def _check(context: FleetContext, fleet: Fleet) -> None:
    shown, now = served_certificate(TlsFiles(fleet.nginx_conf.parent).require_https()), time.time()
    context.output.add(certificate={"names": shown.names, "begins": shown.begins, "expires": shown.expires})
    finding = check_certificate(fleet, shown, now)
    context.require([finding])
    context.output.line(finding.sentence)


def check_obtain(fleet: Fleet, request: TlsRequest) -> list[Finding]:
    """Find what would make the ACME server or nginx refuse, before the ACME server, which counts failures, is asked."""
    found = [*failures_of(find_certbot), *check_https(fleet, request.port)]
    nginx = listen_address(read_text(fleet.nginx_conf))
    if nginx is None or failed(found):
        return found
    webroot = TlsFiles(fleet.nginx_conf.parent).webroot
    return found + list(check_challenge(webroot, nginx, request.domains, request.http_port))


def obtain(fleet: Fleet, supervisord: Supervisord, request: TlsRequest) -> Iterator[str]:
    """Obtain a certificate and serve it; yield a line for each step that is done.

    Raises:
        FleetError: it cannot be done; the site is as before.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    run_certbot(places, certonly(places, request.domains, request.email, request.server))
    yield f"certbot: {places.certificate}"
    yield install(fleet, supervisord, request.domains, request.port, request.hsts)


def renew_certificate(fleet: Fleet, supervisord: Supervisord) -> Iterator[str]:
    """Renew the certificate if it is time, and reload nginx if it shows another one; yield a line for each step.

    What nginx shows is compared, not what certbot did: a reload that failed, or did not happen because the machine was
    off, is done the next time.

    Raises:
        FleetError: it could not be renewed.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    shown = served_certificate(places.require_https())
    try:
        run_certbot(places, renew(places))
    finally:
        if shown.der != places.leaf():
            reload(fleet, supervisord)
            yield "nginx: reloaded, it shows the new certificate"


def check_certificate(fleet: Fleet, shown: Certificate, now: float) -> Finding:
    """Check the certificate that nginx shows: it is the one that is there, and was renewed in time.

    Args:
        fleet: the fleet.
        shown: the certificate that nginx shows.
        now: seconds since 1970.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    if shown.der != places.leaf():
        fix = "fleet tls --renew"
        return Finding(Level.FAIL, str(places.certificate), "nginx shows another certificate", fix)
    if shown.is_overdue(now):
        fix = f"fleet tls --renew; {places.log} has why it was not renewed"
        return Finding(Level.FAIL, str(places.certificate), shown.sentence(now), fix)
    return Finding(Level.OK, str(places.certificate), shown.sentence(now))
