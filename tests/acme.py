"""A real ACME server on this machine, pebble, with its own DNS, in which every name is this machine.

https://github.com/letsencrypt/pebble
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.place import free_port
from tests.wait import until

PROGRAMS = ("pebble", "pebble-challtestsrv", "certbot", "openssl")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
needs_acme = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (apt-get install pebble certbot openssl)"
)
_CA = """\
[ca]
default_ca = self
[self]
database = {directory}/ca.index
rand_serial = yes
unique_subject = no
new_certs_dir = {directory}
default_md = sha256
policy = names
x509_extensions = made
[names]
commonName = supplied
[req]
distinguished_name = names
[made]
subjectAltName = DNS:{name}, IP:127.0.0.1
basicConstraints = critical, CA:TRUE
"""
YEARS = 157766400
"""Seconds, five years: pebble's own default."""


def self_made(directory: Path, name: str, life: tuple[int, int] = (-1, 30)) -> tuple[Path, Path]:
    """Make a self-signed certificate.

    Args:
        directory: where to.
        name: the domain that it is for.
        life: days from now when it begins to be valid, and when it expires.

    Returns:
        Its path and its key's.
    """
    (directory / "ca.conf").write_text(_CA.format(directory=directory, name=name))
    (directory / "ca.index").touch()
    certificate, key, request = (directory / f"self.{kind}" for kind in ("pem", "key", "csr"))
    conf = ["-config", str(directory / "ca.conf")]
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}"]
    make = ["openssl", "req", "-new", *conf, *new, "-out", str(request), "-keyout", str(key)]
    now = datetime.now(UTC)
    begin, end = ((now + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ") for days in life)
    sign = ["openssl", "ca", "-batch", "-selfsign", *conf, "-keyfile", str(key), "-in", str(request)]
    sign += ["-startdate", begin, "-enddate", end, "-out", str(certificate), "-notext"]
    for command in (make, sign):
        subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class Acme:
    """An ACME server.

    Args:
        place: a directory for its files.
        http_port: where it requests challenges.
        validity: seconds that its certificates are good for.

    Attributes:
        url: of its directory.
        trust: the file with which a client trusts it.
    """

    def __init__(self, place: Path, http_port: int, validity: int = YEARS) -> None:
        self.trust, key = self_made(place, "localhost")
        port, dns, management = free_port(), free_port(), free_port()
        self._management = management
        self.url = f"https://127.0.0.1:{port}/dir"
        config = {
            "listenAddress": f"127.0.0.1:{port}",
            "managementListenAddress": f"127.0.0.1:{free_port()}",
            "certificate": str(self.trust),
            "privateKey": str(key),
            "httpPort": http_port,
            "tlsPort": 9,  # unused: the challenge is http-01
            "certificateValidityPeriod": validity,
            "domainBlocklist": ["refused.example"],
        }
        (place / "pebble.json").write_text(json.dumps({"pebble": config}))
        self._log = place / "pebble.log"
        names = ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", "-management", f"127.0.0.1:{management}"]
        names += ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""]
        server = ["pebble", "-config", str(place / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"]
        environ = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        with self._log.open("w") as log:
            self._processes = [
                subprocess.Popen(command, env=environ, stdout=log, stderr=log) for command in (names, server)
            ]
        until("the ACME server", lambda: _listens(port) and _listens(management))

    def elsewhere(self, name: str, address: str) -> None:
        """Give a name another address than this machine's usual one, in the DNS of this server."""
        connection = http.client.HTTPConnection("127.0.0.1", self._management, timeout=10)
        connection.request("POST", "/add-a", json.dumps({"host": f"{name}.", "addresses": [address]}))
        assert connection.getresponse().status == 200
        connection.close()

    def evidence(self) -> str:
        """Return the end of its log."""
        return self._log.read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """End it."""
        for process in self._processes:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
