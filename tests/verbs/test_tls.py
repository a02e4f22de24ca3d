"""Tests of ``fleet tls``: with a real ACME server where there is one, with a self-made certificate everywhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acme import Acme, needs_acme
from tests.place import free_port
from tests.site import Site

Make = Callable[..., Site]


@pytest.fixture
def acme(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Acme]]:
    """Start an ACME server that asks a port; certbot trusts it."""
    servers: list[Acme] = []

    def start(http_port: int, **keywords: int) -> Acme:
        directory = place / f"acme{len(servers)}"
        directory.mkdir()
        servers.append(Acme(directory, http_port, **keywords))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(servers[-1].trust))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@needs_acme
def test_a_certificate_is_obtained_and_served(site: Make, acme: Callable[..., Acme]) -> None:
    """By webroot, from a real ACME server that really asks."""
    made = site().start()
    server = acme(made.port)
    port = free_port()
    where = ["--server", server.url, "--http-port", str(made.port), "--port", str(port)]
    done = made.fleet("tls", "site.example.test", *where)
    assert done.returncode == 0, done.stdout + done.stderr + server.evidence()
    assert "the certificate for site.example.test is valid until" in done.stdout
    assert made.fleet("tls", "--check").returncode == 0
