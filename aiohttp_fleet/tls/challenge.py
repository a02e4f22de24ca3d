"""Whether an ACME server that asks for a challenge would be answered by this fleet."""

import http.client
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError

UNDER = Path(".well-known") / "acme-challenge"
"""Where an ACME server looks (https://www.rfc-editor.org/rfc/rfc8555#section-8.3)."""
ANSWER = 5.0
"""Seconds for this machine to answer itself."""


def check_challenge(webroot: Path, site: tuple[str, int], domains: Sequence[str], http_port: int) -> Iterator[str]:
    """Ask as an ACME server would, as far as that can be done from here; yield a line for each doubt.

    Args:
        webroot: what the challenge location serves.
        site: where nginx can be reached.
        domains: names to be certified.
        http_port: where the ACME server will ask.

    Raises:
        FleetError: it would not be answered.
    """
    with _probe(webroot) as name:
        if reason := _ask(site, domains[0], name):
            where = "{}:{}".format(*site)
            step = f"nginx.conf needs its location for {UNDER}/, then supervisorctl signal HUP nginx"
            raise FleetError(where, f"nginx does not serve what is in {webroot} ({reason})", step)
        for domain in domains:
            yield from _domain(domain, http_port, name)


def _domain(domain: str, port: int, name: str) -> Iterator[str]:
    try:
        found = socket.getaddrinfo(domain, port, type=socket.SOCK_STREAM)
    except OSError as error:
        yield f"warning: {domain}: it does not resolve here ({error.strerror}); its DNS has to name this machine"
        return
    addresses = [str(sockaddr[0]) for _, _, _, _, sockaddr in found]
    if foreign := [address for address in addresses if not _is_ours(address)]:
        yield (
            f"warning: {domain}: it resolves to {', '.join(foreign)}, not an address of this machine; "
            "right behind NAT or a load balancer, otherwise mend its DNS"
        )
    own = [address for address in addresses if address not in foreign]
    wrong = {address: reason for address in own if (reason := _ask((address, port), domain, name))}
    for address, reason in wrong.items():
        doubt = f"port {port} of {address} is not served by this fleet ({reason})"
        step = f"let nginx.conf listen on {port}, or forward it to where it listens"
        if len(wrong) == len(addresses):
            raise FleetError(domain, doubt, step)
        yield f"warning: {domain}: {doubt}; {step}"


def _is_ours(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True


@contextmanager
def _probe(webroot: Path) -> Iterator[str]:
    """Put a file where certbot will put its own, whose content is its name."""
    name = f"fleet-{secrets.token_hex(8)}"
    file = webroot / UNDER / name
    before = os.umask(0o022)  # nginx's workers, nobody under root, have to read it, whatever the operator prefers
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
