"""``fleet tls``: HTTPS, with a certificate that renews itself."""

from typing import Any

import click

from aiohttp_fleet.common.hostnames import is_domain
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.tls.obtain import TlsRequest, check_certificate, obtain, renew_certificate

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
"""https://letsencrypt.org/docs/acme-protocol-updates/; for trials https://acme-staging-v02.api.letsencrypt.org/directory."""
PORT = click.IntRange(1, 65535)


@command
@click.argument("domain", nargs=-1)
@click.option("--email", metavar="ADDRESS", help="Whom the ACME server may write to.")
@click.option("--server", metavar="URL", default=LETS_ENCRYPT, show_default=True, help="Directory of the ACME server.")
@click.option("--hsts", is_flag=True, help="Tell browsers to use nothing but https for two years.")
@click.option("--port", type=PORT, default=443, show_default=True, help="Where nginx listens for https.")
@click.option("--http-port", type=PORT, default=80, show_default=True, help="Where the ACME server asks.")
@click.option("--renew", is_flag=True, help="Renew the certificate if it is time; from a timer, twice a day.")
@click.option("--check", is_flag=True, help="Exit 1 when the certificate is about to expire.")
def tls(chosen: FleetContext, domain: tuple[str, ...], renew: bool, check: bool, **wishes: Any) -> int:
    """Obtain a certificate for each DOMAIN with certbot, which accepts the ACME server's terms, and serve https."""
    if bool(domain) + renew + check != 1:
        raise click.UsageError("Name a domain, or --renew, or --check.")
    names = tuple(dict.fromkeys(name.lower().rstrip(".") for name in domain))
    if wrong := [name for name in names if not is_domain(name)]:
        raise click.UsageError(f"{wrong[0]!r} is no domain, such as www.example.org.")
    fleet = chosen.fleet()
    if check:
        click.echo(check_certificate(fleet))
        return 0
    with exclusive_lock(fleet, "fleet tls"):
        wish = TlsRequest(names, **wishes)
        steps = renew_certificate(fleet, supervisord_of(fleet)) if renew else obtain(fleet, supervisord_of(fleet), wish)
        for line in steps:
            click.echo(line)
    return 0
