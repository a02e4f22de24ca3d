"""``fleet tls``: HTTPS, with a certificate that renews itself."""

import time
from typing import Any

import click

from aiohttp_fleet.common.hostnames import is_domain
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.tls.certificate import served_certificate
from aiohttp_fleet.tls.obtain import TlsRequest, check_certificate, check_obtain, obtain, renew_certificate

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
