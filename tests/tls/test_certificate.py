"""Tests of aiohttp_fleet/tls/certificate.py."""

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from aiohttp_fleet.tls.certificate import Certificate, served_certificate

DAY = 86400.0
CA = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=ca -keyout ca.key -out ca.pem
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=leaf -keyout leaf.key -out leaf.csr
printf "subjectAltName=DNS:site.example.test\\nauthorityKeyIdentifier=none\\n" >leaf.ext
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 30 -extfile leaf.ext -out leaf.pem
cat ca.pem >>leaf.pem
"""
"""A private CA, and what it signs without an authority key identifier."""


@pytest.mark.parametrize(
    ("left", "overdue"), [(89, False), (31, False), (19, False), (17, True), (0, True), (-1, True)]
)
def test_a_certificate_is_overdue_when_a_fifth_of_its_life_is_left(left: int, overdue: bool) -> None:
    """Of 90 days, 18: certbot has tried since 30."""
    certificate = Certificate(b"", ("example.org",), 0, 90 * DAY)
    assert certificate.is_overdue((90 - left) * DAY) == overdue


def test_the_sentence_has_the_names_and_the_end() -> None:
    """In UTC, with the days that are left."""
    certificate = Certificate(b"", ("example.org", "www.example.org"), 0, 90 * DAY)
    line = certificate.sentence(80 * DAY)
    assert line == "the certificate for example.org, www.example.org is valid until 1970-04-01 00:00 UTC, 10 days"
    assert certificate.sentence(91 * DAY).endswith("expired 1970-04-01 00:00 UTC")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="not installed: openssl")
def test_a_certificate_of_a_private_ca_is_read_by_each_python(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since 3.13 create_default_context() sets VERIFY_X509_STRICT, which demands an authority key identifier."""
    subprocess.run(["sh", "-ec", CA], cwd=place, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(place / "leaf.pem", place / "leaf.key")
    default = ssl.create_default_context

    def strict(**keywords: str) -> ssl.SSLContext:
        made = default(**keywords)  # type: ignore[arg-type]
        made.verify_flags |= ssl.VERIFY_X509_STRICT
        return made

    monkeypatch.setattr(ssl, "create_default_context", strict)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, server))
        thread.start()
        try:
            found = served_certificate(listener.getsockname())
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
    assert found.names == ("site.example.test",)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Make a handshake with each client, until the listener is shut down."""
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain:
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                continue
