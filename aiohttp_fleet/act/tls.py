"""HTTPS: a certificate obtained, put into nginx, renewed. Whatever fails, the site is as before."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.act import certbot, challenge, nginx, write
from aiohttp_fleet.act.held import held
from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.compute.certbot import certonly, renew
from aiohttp_fleet.compute.expiry import is_due, sentence
from aiohttp_fleet.compute.tls import http_text, listen_texts, server_text
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx.binary import running
from aiohttp_fleet.nginx.conf import address
from aiohttp_fleet.nginx.since import take_up
from aiohttp_fleet.read.certificate import Certificate, served
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.read.text import read_text
from aiohttp_fleet.read.tls import Places, listens

SHOWN = 10.0
"""Seconds until nginx shows the certificate that it was reloaded for: the old worker accepts for 0.1 s more."""
POLL = 0.05
"""Seconds between two looks."""
INCLUDES = ("include tls/http*.conf;", "include tls/server*.conf;")
"""What nginx.conf needs for it."""


@dataclass(frozen=True)
class Wish:
    """What the operator wants.

    Attributes:
        domains: names for the certificate, the first is its main one.
        port: where nginx is to listen for https.
        hsts: whether browsers are told to use nothing but https.
        email: whom the ACME server may write to.
        server: URL of its directory, None for certbot's default, Let's Encrypt.
        http_port: where it asks for the challenge.
    """

    domains: tuple[str, ...]
    port: int
    hsts: bool
    email: str | None
    server: str | None
    http_port: int


def obtain(fleet: Fleet, supervisord: Supervisord, wish: Wish) -> Iterator[str]:
    """Obtain a certificate and serve it; yield a line for each step that is done, and for each doubt.

    Raises:
        FleetError: it cannot be done; the site is as before.
    """
    places = Places(fleet.nginx_conf.parent)
    certbot.find()
    text = read_text(fleet.nginx_conf)
    site = address(text)
    if site is None:
        raise FleetError(str(fleet.nginx_conf), "its first listen is no TCP port", "write listen 80")
    for line in INCLUDES:
        if line not in text:
            raise FleetError(str(fleet.nginx_conf), f"there is no line {line!r}", "take it from the shipped file")
    yield from challenge.look(places.webroot, site, wish.domains, wish.http_port)
    certbot.run(places, certonly(places, wish.domains, wish.email, wish.server))
    yield f"{places.certificate}: obtained"
    yield install(fleet, supervisord, wish)


def install(fleet: Fleet, supervisord: Supervisord, wish: Wish) -> str:
    """Make nginx serve the certificate that is there; return a line that says so.

    Raises:
        FleetError: nginx refuses it; its files are as before.
    """
    places = Places(fleet.nginx_conf.parent)
    text = read_text(fleet.nginx_conf)
    site = address(text) or ("127.0.0.1", 80)
    listen = listen_texts(listens(text), wish.port)
    texts = {places.tls / "listen" / f"{version}.conf": lines for version, lines in listen.items()}
    texts[places.http_conf] = http_text(wish.domains, site[1], wish.port, wish.hsts)
    texts[places.server_conf] = server_text(wish.hsts)
    with _restored(fleet, supervisord, list(texts)):
        for path, new in texts.items():
            _write(path, new)
        take_up(fleet.nginx_conf, running(fleet.nginx_conf).version())
        nginx.test(fleet.nginx_conf, text)
        if fleet.nginx is None:
            return f"{places.tls}: written; reload your nginx now"
        shown = _reload(fleet, fleet.nginx, supervisord, places)
    return f"nginx: reloaded, {sentence(shown, time.time())}"


def renewed(fleet: Fleet, supervisord: Supervisord) -> Iterator[str]:
    """Renew the certificate if that is due, and reload nginx if it shows another one; yield a line for each step.

    Raises:
        FleetError: it could not be renewed, or expires soon all the same.
    """
    places = Places(fleet.nginx_conf.parent)
    shown = served(_address(places))
    try:
        certbot.run(places, renew(places))
    finally:
        if shown.der != places.leaf() and fleet.nginx:
            shown = _reload(fleet, fleet.nginx, supervisord, places)
            yield "nginx: reloaded, it shows the new certificate"
    yield checked(fleet)


def checked(fleet: Fleet) -> str:
    """Return a line about the certificate that nginx shows.

    Raises:
        FleetError: it expires soon, or is not the one that is there.
    """
    places = Places(fleet.nginx_conf.parent)
    leaf, shown = places.leaf(), served(_address(places))
    line = sentence(shown, time.time())
    if shown.der != leaf:
        raise FleetError(str(places.certificate), "nginx shows another certificate", "fleet tls --renew")
    if is_due(shown, time.time()):
        step = f"fleet tls --renew; why that has failed so far is in {places.logs / 'letsencrypt.log'}"
        raise FleetError(str(places.certificate), line, step)
    return line


def _address(places: Places) -> tuple[str, int]:
    """Return where https is served, by what was written for nginx."""
    path = places.tls / "listen" / "0.conf"
    found = address(read_text(path)) if path.exists() else None
    if found is None:
        raise FleetError(str(places.tls), "this fleet has no https", "fleet tls DOMAIN")
    return found


def _reload(fleet: Fleet, namespec: str, supervisord: Supervisord, places: Places) -> Certificate:
    nginx.reload(supervisord, namespec, fleet.nginx_conf)
    where, leaf = _address(places), places.leaf()
    deadline = time.monotonic() + SHOWN
    while (shown := served(where)).der != leaf:
        if time.monotonic() >= deadline:
            raise FleetError(namespec, f"still shows another certificate after {SHOWN:g} s", "see run/nginx.log")
        time.sleep(POLL)
    return shown


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise FleetError(str(path), f"cannot be written ({error.strerror})", "see ls -ld") from None
    write.replace(path, text)


@contextmanager
def _restored(fleet: Fleet, supervisord: Supervisord, paths: list[Path]) -> Iterator[None]:
    """Put these files, and nginx, back to where they were when the block fails or is interrupted."""
    old = {path: read_text(path) if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        with held():
            for path, text in old.items():
                if text is None:
                    path.unlink(missing_ok=True)
                else:
                    _write(path, text)
            take_up(fleet.nginx_conf, running(fleet.nginx_conf).version())
            if fleet.nginx:
                supervisord.signal(fleet.nginx, "HUP")
        raise
