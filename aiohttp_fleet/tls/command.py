"""``fleet tls``: obtain a certificate, make nginx serve it, renew it, check it."""

import time
from collections.abc import Callable

import click

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import Finding, Level
from aiohttp_fleet.common.hostnames import is_domain
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.write_files import written
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.directives import listen_address, listen_hosts
from aiohttp_fleet.nginx.generated import refresh_generated
from aiohttp_fleet.nginx.reload import reload_nginx
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.nginx.tls_text import http_text, listen_text, server_text
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.lock import exclusive_lock
from aiohttp_fleet.tls.certbot import certonly, renewal, run_certbot
from aiohttp_fleet.tls.certificate import served_certificate
from aiohttp_fleet.tls.checks import check_obtain

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
                done(install(fleet, names, port, hsts))
    if fleet.nginx or not domain:
        _check(context, places)
    return 0


def install(fleet: Fleet, domains: tuple[str, ...], port: int, hsts: bool) -> str:
    """Make nginx serve the certificate that is there; return a line that says what was done.

    Args:
        fleet: the fleet; `aiohttp_fleet.tls.checks.check_obtain` has passed.
        domains: names whose plain requests are redirected.
        port: where nginx is to listen for https.
        hsts: whether browsers shall use nothing but https from now on.

    Raises:
        FleetError: nginx refuses it; its files are as before.
    """
    places, text = TlsFiles(fleet.nginx_conf.parent), read_text(fleet.nginx_conf)
    http = listen_address(text)
    assert http is not None, "check_obtain() has not passed"
    texts = {
        places.http_conf: http_text(domains, http[1], port, hsts),
        places.server_conf: server_text(hsts),
        places.listen_conf: listen_text(listen_hosts(text), port),
    }
    reloading = False
    try:
        with written(texts):
            refresh_generated(fleet.nginx_conf)
            check_config(fleet.nginx_conf, text)
            if fleet.nginx is None:
                return f"{places.tls}: written; reload your nginx now"
            reloading = True
            _reload(fleet)
    except BaseException:
        with deferred_signals():
            refresh_generated(fleet.nginx_conf)
            if reloading and fleet.nginx:
                supervisord_of(fleet).signal(fleet.nginx, "HUP")
        raise
    return f"nginx: reloaded, https on port {port}"


def _reload(fleet: Fleet) -> None:
    """Reload nginx and wait until it shows the certificate that is there.

    Raises:
        FleetError: it does not.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    if fleet.nginx is None:
        raise FleetError("nginx", "it shows another certificate, and this supervisord does not run it", "reload it")
    reload_nginx(supervisord_of(fleet), fleet.nginx, fleet.nginx_conf)
    if served_certificate(places.require_https()).der != places.leaf():
        raise FleetError(fleet.nginx, "it still shows another certificate", f"see supervisorctl tail {fleet.nginx}")


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
            _reload(fleet)
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
