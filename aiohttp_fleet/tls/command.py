"""``fleet tls``: HTTPS, with a certificate that renews itself."""

import time
from collections.abc import Callable

import click

from aiohttp_fleet.common.findings import Finding, Level
from aiohttp_fleet.common.hostnames import is_domain
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.tls.certbot import certonly, renewal, run_certbot
from aiohttp_fleet.tls.certificate import served_certificate
from aiohttp_fleet.tls.checks import check_obtain
from aiohttp_fleet.tls.install import install, reload

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
"""https://letsencrypt.org/docs/acme-protocol-updates/; for trials https://acme-staging-v02.api.letsencrypt.org/directory."""
PORT = click.IntRange(1, 65535)


@command
@click.argument("domain", nargs=-1)
@click.option("--email", metavar="ADDRESS", help="Address that the ACME server may write to.")
@click.option("--server", metavar="URL", default=LETS_ENCRYPT, show_default=True, help="Directory of the ACME server.")
@click.option("--hsts", is_flag=True, help="Make browsers use nothing but https for two years.")
@click.option("--port", type=PORT, default=443, show_default=True, help="Port where nginx listens for https.")
@click.option("--http-port", type=PORT, default=80, show_default=True, help="Port where the ACME server asks.")
@click.option("--renew", is_flag=True, help="Renew the certificate if it is time; for a timer, twice a day.")
@click.option("--check", is_flag=True, help="Exit 1 when the certificate is about to expire.")
def tls(
    context: FleetContext, domain: tuple[str, ...], email: str | None, server: str, hsts: bool, port: int,
    http_port: int, renew: bool, check: bool,
) -> int:  # fmt: skip
    """Serve https, with a certificate from an ACME server.

    Obtains a certificate for each DOMAIN with certbot, which accepts the ACME server's terms of service.
    """
    if bool(domain) + renew + check != 1:
        raise click.UsageError("Name a domain, or --renew, or --check.")
    names = tuple(dict.fromkeys(name.lower().rstrip(".") for name in domain))
    if wrong := [name for name in names if not is_domain(name)]:
        raise click.UsageError(f"{wrong[0]!r} is not a domain, such as www.example.org.")
    fleet, steps = context.fleet(), list[str]()
    places = TlsFiles(fleet.nginx_conf.parent)
    context.output.add(steps=steps)

    def done(line: str) -> None:
        steps.append(line)
        context.output.line(line)

    if not check:
        with exclusive_lock(fleet, "fleet tls"):
            if renew:
                _renew(fleet, places, done)
            else:
                context.require(check_obtain(fleet, names, port, http_port))
                run_certbot(places, certonly(places, names, email, server))
                done(f"certbot: {places.certificate}")
                done(install(fleet, supervisord_of(fleet), names, port, hsts))
    if fleet.nginx or not domain:
        _check(context, places)
    return 0


def _renew(fleet: Fleet, places: TlsFiles, done: Callable[[str], None]) -> None:
    """Renew the certificate if it is time, and reload nginx if it shows another one.

    What nginx shows is compared, not what certbot did: a reload that failed, or did not happen because the machine was
    off, is done the next time.
    """
    shown = served_certificate(places.require_https())
    try:
        run_certbot(places, renewal(places))
    finally:
        if shown.der != places.leaf():
            reload(fleet, supervisord_of(fleet))
            done("nginx: reloaded, it shows the new certificate")


def _check(context: FleetContext, places: TlsFiles) -> None:
    """Report the certificate that nginx shows, and whether it is the one that is there, and was renewed in time."""
    shown, now = served_certificate(places.require_https()), time.time()
    context.output.add(certificate={"names": shown.names, "begins": shown.begins, "expires": shown.expires})
    level, sentence, fix = Level.OK, shown.sentence(now), ""
    if shown.der != places.leaf():
        level, sentence, fix = Level.FAIL, "nginx shows another certificate", "fleet tls --renew"
    elif shown.is_overdue(now):
        level, fix = Level.FAIL, f"fleet tls --renew; {places.log} has why it was not renewed"
    context.require([Finding(level, str(places.certificate), sentence, fix)])
    context.output.line(sentence)
