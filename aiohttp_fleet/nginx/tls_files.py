"""Paths of everything about HTTPS, in the directory of nginx.conf."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_text
from aiohttp_fleet.nginx.directives import listen_address, ports

LINEAGE = "fleet"
"""certbot's name for the certificate: the same whatever the domains, so that its path never changes."""


@dataclass(frozen=True)
class TlsFiles:
    """Paths.

    Attributes:
        deploy: the directory of nginx.conf.
    """

    deploy: Path

    @property
    def tls(self) -> Path:
        """What has to be kept: certificate, account, nginx's files."""
        return self.deploy / "tls"

    @property
    def certbot(self) -> Path:
        """certbot's own directory, instead of /etc/letsencrypt."""
        return self.tls / "certbot"

    @property
    def logs(self) -> Path:
        """certbot's logs, which need not be kept."""
        return self.deploy / "run" / "certbot"

    @property
    def log(self) -> Path:
        """What certbot did, the last time."""
        return self.logs / "letsencrypt.log"

    @property
    def webroot(self) -> Path:
        """The directory that the challenge location of kit/server.conf serves."""
        return self.tls / "acme"

    @property
    def certificate(self) -> Path:
        """The certificate and its chain."""
        return self.certbot / "live" / LINEAGE / "fullchain.pem"

    @property
    def server_conf(self) -> Path:
        """What kit/server.conf includes into the server block."""
        return self.tls / "server.conf"

    @property
    def http_conf(self) -> Path:
        """What kit/http.conf includes into the http block."""
        return self.tls / "http.conf"

    @property
    def listen_conf(self) -> Path:
        """The ``listen`` lines for https, which `aiohttp_fleet.nginx.generated` writes for nginx's version."""
        return self.tls / "listen.conf"

    @property
    def https(self) -> tuple[str, int] | None:
        """Where https can be reached from this machine, None where there is none."""
        return listen_address(read_existing(self.listen_conf) or "")

    def ports(self, text: str) -> set[int]:
        """Return the TCP ports of nginx: those in its file, and that of https."""
        return ports(text) | ({self.https[1]} if self.https else set())

    def require_https(self) -> tuple[str, int]:
        """Return where https can be reached from this machine.

        Raises:
            FleetError: there is none.
        """
        if found := self.https:
            return found
        raise FleetError(str(self.tls), "this fleet has no https", "fleet tls DOMAIN")

    @property
    def acme_server(self) -> str | None:
        """The ACME server that issued the certificate, None if there is none."""
        try:
            text = (self.certbot / "renewal" / f"{LINEAGE}.conf").read_text()
        except OSError:
            return None
        words = [line.partition("=") for line in text.splitlines()]
        return next((value.strip() for name, _, value in words if name.strip() == "server"), None)

    def leaf(self) -> bytes:
        """Return the certificate itself, DER.

        Raises:
            FleetError: there is none, or it cannot be read.
        """
        if not self.certificate.exists():
            raise FleetError(str(self.certificate), "there is no certificate", "fleet tls DOMAIN")
        head, end, _ = read_text(self.certificate).partition(ssl.PEM_FOOTER)
        return ssl.PEM_cert_to_DER_cert(head + end)
