"""Find out whether this fleet would answer the challenge of an ACME server."""

import http.client
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import Finding, Level

UNDER = Path(".well-known") / "acme-challenge"
"""Where an ACME server looks (https://www.rfc-editor.org/rfc/rfc8555#section-8.3)."""
ANSWER = 5.0
"""Seconds for this machine to answer itself."""


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
            yield Finding(Level.FAIL, where, f"nginx does not serve what is in {webroot} ({reason})", fix)
            return
        for domain in domains:
            yield from _domain(domain, http_port, name)


def _domain(domain: str, port: int, name: str) -> Iterator[Finding]:
    try:
        found = socket.getaddrinfo(domain, port, type=socket.SOCK_STREAM)
    except OSError as error:
        sentence = f"it does not resolve here ({error.strerror})"
        yield Finding(Level.WARN, domain, sentence, "its DNS has to name this machine")
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
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock:
        try:
            sock.bind((address, 0))
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
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    except OSError as error:
        raise FleetError(str(file.parent), f"cannot be written ({error.strerror})", "see ls -ld") from None
    finally:
        os.umask(before)
    try:
        yield name
    finally:
        file.unlink()


def _ask(address: tuple[str, int], host: str, name: str) -> str:
    """Return why the file does not come back, empty when it does."""
    connection = http.client.HTTPConnection(*address, timeout=ANSWER)
    try:
        connection.request("GET", f"/{UNDER}/{name}", headers={"Host": host})
        answer = connection.getresponse()
        right = answer.read(len(name) + 1) == name.encode()
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "" if right else f"it answers {answer.status}, and not with that file"
