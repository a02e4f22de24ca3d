"""A real ACME server on this machine, pebble, with a DNS of its own in which every name is this machine.

https://github.com/letsencrypt/pebble
"""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.place import free_port
from tests.wait import until

PROGRAMS = ("pebble", "pebble-challtestsrv", "certbot", "openssl")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
needs_acme = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (apt-get install pebble certbot openssl)"
)
YEARS = 157766400
"""Seconds, five years: pebble's own default."""


def self_made(directory: Path, name: str, days: int = 30) -> tuple[Path, Path]:
    """Make a certificate that vouches for itself; return its path and its key's."""
    certificate, key = directory / "self.pem", directory / "self.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"]
    subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key


class Acme:
    """An ACME server.

    Args:
        place: a directory for its files.
        http_port: where it asks for challenges.
        validity: seconds that its certificates are good for.

    Attributes:
        url: of its directory.
        trust: the file with which a client trusts it.
    """

    def __init__(self, place: Path, http_port: int, validity: int = YEARS) -> None:
        self.trust, key = self_made(place, "localhost")
        port, dns, management = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{port}/dir"
        config = {
            "listenAddress": f"127.0.0.1:{port}",
            "managementListenAddress": f"127.0.0.1:{free_port()}",
            "certificate": str(self.trust),
            "privateKey": str(key),
            "httpPort": http_port,
            "tlsPort": 9,  # asked by nobody: the challenge is http-01
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

    def evidence(self) -> str:
        """Return what it has said."""
        return self._log.read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """End it."""
        for process in self._processes:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
