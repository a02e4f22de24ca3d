"""Tests of aiohttp_fleet/tls/checks.py, with a web server in the place of nginx."""

import os
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aiohttp_fleet.common.findings import Level
from aiohttp_fleet.tls.checks import check_challenge
from tests.place import free_port


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and keeps no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(place: Path) -> Iterator[tuple[str, int]]:
    """Serve the place's "acme", and return where."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=place / "acme")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield "127.0.0.1", server.server_port
        server.shutdown()
        thread.join()


def test_a_site_that_answers_has_no_findings(place: Path, site: tuple[str, int]) -> None:
    """Asked by its address and by its name; the probe file is removed."""
    assert list(check_challenge(place / "acme", site, ["127.0.0.1"], site[1])) == []
    assert [path for path in (place / "acme").rglob("*") if path.is_file()] == []


def test_nginx_may_read_it_whatever_the_umask(place: Path, site: tuple[str, int]) -> None:
    """Under root its workers run as user nobody."""
    before = os.umask(0o077)
    try:
        list(check_challenge(place / "acme", site, ["127.0.0.1"], site[1]))
    finally:
        os.umask(before)
    made = [place / "acme", *(place / "acme").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o755}


def test_an_nginx_without_the_location_is_a_failure(place: Path, site: tuple[str, int]) -> None:
    """It serves something else."""
    (found,) = check_challenge(place / "other", site, ["127.0.0.1"], site[1])
    assert found.level is Level.FAIL
    assert re.search(r"nginx does not serve what is in .*/other \(it answers 404", str(found))


def test_a_port_80_that_is_not_nginxs_is_a_failure(place: Path, site: tuple[str, int]) -> None:
    """The name is this machine's, but nothing answers, or something else."""
    port = free_port()
    (found,) = check_challenge(place / "acme", site, ["127.0.0.1"], port)
    assert found.level is Level.FAIL
    assert re.search(rf"127.0.0.1: port {port} .* is not served by this fleet .*refused.*; let ", str(found))


def test_a_name_of_another_machine_is_a_warning(place: Path, site: tuple[str, int]) -> None:
    """Behind NAT that is right, so it is not refused."""
    (found,) = check_challenge(place / "acme", site, ["192.0.2.1"], site[1])
    assert found.level is Level.WARN
    assert str(found).startswith("192.0.2.1: it resolves to 192.0.2.1, not an address of this machine; ")


def test_a_name_that_does_not_resolve_is_a_warning(place: Path, site: tuple[str, int]) -> None:
    """The ACME server asks another DNS, and has the last word."""
    (found,) = check_challenge(place / "acme", site, ["nowhere.invalid"], site[1])
    assert found.level is Level.WARN
    assert str(found).startswith("nowhere.invalid: it does not resolve here (")
