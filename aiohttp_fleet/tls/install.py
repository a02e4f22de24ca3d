"""Make nginx serve https. After a failure its files are as before."""

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.write_files import written
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.directives import listen_address, listen_hosts
from aiohttp_fleet.nginx.generated import refresh_generated
from aiohttp_fleet.nginx.reload import reload_nginx
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.nginx.tls_text import http_text, listen_text, server_text
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.tls.certificate import served_certificate


def install(fleet: Fleet, supervisord: Supervisord, domains: tuple[str, ...], port: int, hsts: bool) -> str:
    """Make nginx serve the certificate that is there; return a line that says what was done.

    Args:
        fleet: the fleet; `aiohttp_fleet.tls.checks.check_obtain` has passed.
        supervisord: it signals nginx.
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
            reload(fleet, supervisord)
    except BaseException:
        with deferred_signals():
            refresh_generated(fleet.nginx_conf)
            if reloading and fleet.nginx:
                supervisord.signal(fleet.nginx, "HUP")
        raise
    return f"nginx: reloaded, https on port {port}"


def reload(fleet: Fleet, supervisord: Supervisord) -> None:
    """Reload nginx and wait until it shows the certificate that is there.

    Raises:
        FleetError: it does not.
    """
    places = TlsFiles(fleet.nginx_conf.parent)
    if fleet.nginx is None:
        raise FleetError("nginx", "it shows another certificate, and this supervisord does not run it", "reload it")
    reload_nginx(supervisord, fleet.nginx, fleet.nginx_conf)
    if served_certificate(places.require_https()).der != places.leaf():
        raise FleetError(fleet.nginx, "it still shows another certificate", f"see supervisorctl tail {fleet.nginx}")
