"""A certificate: obtained, renewed, watched."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.tls import challenge, run_certbot
from aiohttp_fleet.tls import install as https
from aiohttp_fleet.tls.certbot_arguments import certonly, renew
from aiohttp_fleet.tls.expiry import is_due, sentence
from aiohttp_fleet.tls.served_certificate import served_certificate


@dataclass(frozen=True)
class TlsRequest:
    """What the operator wants.

    Attributes:
        domains: names for the certificate.
        email: whom the ACME server may write to.
        server: URL of its directory.
        http_port: where it asks for the challenge.
        port: where nginx is to listen for https.
        hsts: whether browsers are told to use nothing but https.
    """

    domains: tuple[str, ...]
    email: str | None
    server: str
    http_port: int
    port: int
    hsts: bool


def obtain(fleet: Fleet, supervisord: Supervisord, wish: TlsRequest) -> Iterator[str]:
    """Obtain a certificate and serve it; yield a line for each step that is done, and for each doubt.

    Raises:
        FleetError: it cannot be done; the site is as before.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    run_certbot.find()
    site = https.require(fleet, wish.port)
    yield from challenge.check_challenge(places.webroot, site, wish.domains, wish.http_port)
    run_certbot.run(places, certonly(places, wish.domains, wish.email, wish.server))
    yield f"certbot: {places.certificate}"
    yield https.install(fleet, supervisord, wish.domains, wish.port, wish.hsts)
    if fleet.nginx:
        yield check_certificate(fleet)


def renew_certificate(fleet: Fleet, supervisord: Supervisord) -> Iterator[str]:
    """Renew the certificate if that is due, and reload nginx if it shows another one; yield a line for each step.

    What nginx shows is compared, not what certbot has done: a reload that failed, or did not happen because the machine
    was switched off, is made up for the next time.

    Raises:
        FleetError: it could not be renewed, or expires soon all the same.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    shown = served_certificate(places.require_https())
    try:
        run_certbot.run(places, renew(places))
    finally:
        if shown.der != places.leaf():
            https.reload(fleet, supervisord)
            yield "nginx: reloaded, it shows the new certificate"
    yield check_certificate(fleet)


def check_certificate(fleet: Fleet) -> str:
    """Return a line about the certificate that nginx shows.

    Raises:
        FleetError: it expires soon, or is not the one that is there.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    shown, now = served_certificate(places.require_https()), time.time()
    if shown.der != places.leaf():
        raise FleetError(str(places.certificate), "nginx shows another certificate", "fleet tls --renew")
    if is_due(shown, now):
        step = f"fleet tls --renew; why that has not been done is in {places.log}"
        raise FleetError(str(places.certificate), sentence(shown, now), step)
    return sentence(shown, now)
