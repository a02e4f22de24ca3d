"""Find out, before an ACME server is asked, whether it could certify this fleet, and nginx could serve https."""

import http.client
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import os_errors
from aiohttp_fleet.common.findings import Finding, Level, failed, failure, failures_of
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.write_files import WRITTEN
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.directives import listen_address, listen_hosts
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.tls.certbot import find_certbot

INCLUDES = ("include kit/http.conf;", "include kit/server.conf;")
"""What nginx.conf needs for https."""
UNDER = Path(".well-known") / "acme-challenge"
"""Where an ACME server looks (https://www.rfc-editor.org/rfc/rfc8555#section-8.3)."""
ANSWER = 5.0
"""Seconds for this machine to answer itself."""


def check_obtain(fleet: Fleet, domains: Sequence[str], port: int, http_port: int) -> list[Finding]:
    """Find what would make the ACME server, which counts failures, or nginx refuse.

    Args:
        fleet: the fleet.
        domains: names to be certified.
        port: where nginx is to listen for https.
        http_port: where the ACME server will ask.
    """
    found = [*failures_of(find_certbot), *_check_https(fleet, port)]
    nginx = listen_address(read_text(fleet.nginx_conf))
    if nginx is None or failed(found):
        return found
    return [*found, *check_challenge(TlsFiles(fleet.nginx_conf.parent).webroot, nginx, domains, http_port)]


def _check_https(fleet: Fleet, port: int) -> Iterator[Finding]:
    """Yield what would keep nginx from serving https on ``port``."""
    conf, text = fleet.nginx_conf, read_text(fleet.nginx_conf)
    if fleet.is_site:
        yield failure(conf, "nginx is the system's, and so are its certificates", 'see "fleet help site"')
        return
    for line in INCLUDES:
        if line not in text:
            yield failure(conf, f"there is no line {line!r}", "fleet init writes one that has it")
    master = running_master(conf)
    if fleet.nginx and master is None:
        yield failure(fleet.nginx, "nginx does not run", f"supervisorctl start {fleet.nginx}")
    if master and (owner := Path(f"/proc/{master}").stat().st_uid) != os.geteuid():
        reason = f"nginx runs as uid {owner}, which could not read the key"
        yield failure(conf.parent, reason, "run fleet tls as that user")
    yield from failures_of(check_config, conf, text)
    http, before = listen_address(text), TlsFiles(conf.parent).https
    if http is None:
        yield failure(conf, "its first listen is no TCP port", "let it listen on 80")
    elif http[1] == port:
        yield failure(f"--port {port}", "nginx listens there for http", "choose another")
    elif before is None or before[1] != port:
        for host in listen_hosts(text):
            yield from _check_free(host.rstrip(":").strip("[]").replace("*", ""), port)


def _check_free(host: str, port: int) -> Iterator[Finding]:
    try:
        _bind(host, port)
    except OSError as error:
        fix = f"ss -ltnp sport = :{port} shows which process has it"
        if isinstance(error, PermissionError):
            fix = "only root may: forward it to a higher one and name that with --port, such as --port 8443"
        yield failure(f"--port {port}", f"nginx cannot listen there ({os.strerror(error.errno or 0)})", fix)


def _bind(address: str, port: int) -> None:
    """Bind a port as nginx would, and close it again.

    Raises:
        OSError: another process has it, only root may bind it, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    socket.create_server((address, port), family=family).close()


def check_challenge(webroot: Path, nginx: tuple[str, int], domains: Sequence[str], http_port: int) -> Iterator[Finding]:
    """Ask as an ACME server would, as far as that can be done from here.

    Args:
        webroot: the directory that nginx serves below ``/.well-known/acme-challenge/``.
        nginx: where nginx can be reached from this machine.
        domains: names to be certified.
        http_port: where the ACME server will ask.

    Yields:
        A failure where it would not be answered, a warning where that cannot be seen from here.

    Raises:
        FleetError: ``webroot`` cannot be written.
    """
    with _probe_file(webroot) as name:
        if reason := _ask(nginx, domains[0], name):
            where = "{}:{}".format(*nginx)
            fix = f"nginx.conf needs its location for {UNDER}/, then fleet reload"
            yield failure(where, f"nginx does not serve what is in {webroot} ({reason})", fix)
            return
        for domain in domains:
            yield from _domain(domain, http_port, name)


def _domain(domain: str, port: int, name: str) -> Iterator[Finding]:
    try:
        found = socket.getaddrinfo(domain, port, type=socket.SOCK_STREAM)
    except OSError as error:
        reason = f"it does not resolve here ({error.strerror})"
        yield Finding(Level.WARN, domain, reason, "its DNS has to name this machine")
        return
    addresses = [str(sockaddr[0]) for _, _, _, _, sockaddr in found]
    if foreign := [address for address in addresses if not _is_ours(address)]:
        sentence = f"it resolves to {', '.join(foreign)}, not an address of this machine"
        fix = "correct behind NAT or a load balancer, otherwise fix its DNS"
        yield Finding(Level.WARN, domain, sentence, fix)
    own = [address for address in addresses if address not in foreign]
    wrong = {address: reason for address in own if (reason := _ask((address, port), domain, name))}
    level = Level.FAIL if len(wrong) == len(addresses) else Level.WARN
    for address, reason in wrong.items():
        sentence = f"port {port} of {address} is not served by this fleet ({reason})"
        yield Finding(level, domain, sentence, f"let nginx.conf listen on {port}, or forward it to where it listens")


def _is_ours(address: str) -> bool:
    try:
        _bind(address, 0)
    except OSError:
        return False
    return True


@contextmanager
def _probe_file(webroot: Path) -> Iterator[str]:
    """Put a file, whose content is its name, where certbot will put its own."""
    name = f"fleet-{secrets.token_hex(8)}"
    file = webroot / UNDER / name
    before = os.umask(0o022)  # nginx's workers, the user nobody under root, have to read it
    try:
        with os_errors(file.parent, *WRITTEN):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
    finally:
        os.umask(before)
    try:
        yield name
    finally:
        file.unlink()


def _ask(address: tuple[str, int], host: str, name: str) -> str:
    """Return why the file does not come back, empty when it does."""
    with closing(http.client.HTTPConnection(*address, timeout=ANSWER)) as connection:
        try:
            connection.request("GET", f"/{UNDER}/{name}", headers={"Host": host})
            answer = connection.getresponse()
            right = answer.read(len(name) + 1) == name.encode()
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
    return "" if right else f"it answers {answer.status}, and not with that file"
