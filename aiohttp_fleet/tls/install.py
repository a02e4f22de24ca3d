"""Make nginx serve https. After a failure its files are as before."""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import Finding, Level, failures_of
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.write_files import written
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.directives import listen_address, listen_hosts
from aiohttp_fleet.nginx.generated import refresh_generated
from aiohttp_fleet.nginx.reload import reload_nginx
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.nginx.tls_text import http_text, listen_text, server_text
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.tls.certificate import served_certificate

INCLUDES = ("include kit/http.conf;", "include kit/server.conf;")
"""What nginx.conf needs for it."""


def check_https(fleet: Fleet, port: int) -> Iterator[Finding]:
    """Yield what would keep nginx from serving https on ``port``, before a certificate is requested."""
    conf, text = fleet.nginx_conf, read_text(fleet.nginx_conf)
    if fleet.is_site:
        reason, fix = "nginx is the system's, and so are its certificates", 'see "fleet help site"'
        yield Finding(Level.FAIL, str(conf), reason, fix)
        return
    for line in INCLUDES:
        if line not in text:
            yield Finding(Level.FAIL, str(conf), f"there is no line {line!r}", "fleet init writes one that has it")
    master = running_master(conf)
    if fleet.nginx and master is None:
        yield Finding(Level.FAIL, fleet.nginx, "nginx does not run", f"supervisorctl start {fleet.nginx}")
    if master and (owner := Path(f"/proc/{master}").stat().st_uid) != os.geteuid():
        reason = f"nginx runs as uid {owner}, which could not read the key"
        yield Finding(Level.FAIL, str(conf.parent), reason, "run fleet tls as that user")
    yield from failures_of(check_config, conf, text)
    http, before = listen_address(text), TlsFiles(conf.parent).https
    if http is None:
        yield Finding(Level.FAIL, str(conf), "its first listen is no TCP port", "let it listen on 80")
    elif http[1] == port:
        yield Finding(Level.FAIL, f"--port {port}", "nginx listens there for http", "choose another")
    elif before is None or before[1] != port:
        for host in listen_hosts(text):
            yield from _check_free(host, port)


def _check_free(host: str, port: int) -> Iterator[Finding]:
    """Bind a port as nginx would, and close it again."""
    name = host.rstrip(":").strip("[]").replace("*", "")
    with socket.socket(socket.AF_INET6 if host.startswith("[") else socket.AF_INET) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host.startswith("["):
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind((name, port))
        except OSError as error:
            fix = f"ss -ltnp sport = :{port} shows which process has it"
            if error.errno == errno.EACCES:
                fix = "only root may: forward it to a higher one and name that with --port, such as --port 8443"
            yield Finding(Level.FAIL, f"--port {port}", f"nginx cannot listen there ({error.strerror})", fix)


def install(fleet: Fleet, supervisord: Supervisord, domains: tuple[str, ...], port: int, hsts: bool) -> str:
    """Make nginx serve the certificate that is there; return a line that says what was done.

    Args:
        fleet: the fleet; `check_https` has passed.
        supervisord: it signals nginx.
        domains: names whose plain requests are redirected.
        port: where nginx is to listen for https.
        hsts: whether browsers shall use nothing but https from now on.

    Raises:
        FleetError: nginx refuses it; its files are as before.
    """
    places, text = TlsFiles(fleet.nginx_conf.parent), read_text(fleet.nginx_conf)
    http = listen_address(text)
    assert http is not None, "check_https() has not passed"
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
