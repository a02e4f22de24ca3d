"""Paths of everything about HTTPS, in the directory of nginx.conf."""

import ssl
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_text
from aiohttp_fleet.nginx.directives import listen_address, ports

LINEAGE = "fleet"
"""certbot's name for the certificate: the same whatever the domains, so that its path never changes."""


class TlsFiles:
    """Paths.

    Args:
        deploy: the directory of nginx.conf.

    Attributes:
        tls: what has to be kept: certificate, account, nginx's files.
        certbot: certbot's own directory, instead of /etc/letsencrypt.
        logs: certbot's logs, which need not be kept.
        log: what certbot did, the last time.
        webroot: the directory that the challenge location of kit/server.conf serves.
        certificate: the certificate and its chain.
        server_conf: what kit/server.conf includes into the server block.
        http_conf: what kit/http.conf includes into the http block.
        listen_conf: the ``listen`` lines for https, which `aiohttp_fleet.nginx.generated` writes for nginx's version.
    """

    def __init__(self, deploy: Path) -> None:
        self.tls = deploy / "tls"
        self.certbot = self.tls / "certbot"
        self.logs = deploy / "run" / "certbot"
        self.log = self.logs / "letsencrypt.log"
        self.webroot = self.tls / "acme"
        self.certificate = self.certbot / "live" / LINEAGE / "fullchain.pem"
        self.server_conf = self.tls / "server.conf"
        self.http_conf = self.tls / "http.conf"
        self.listen_conf = self.tls / "listen.conf"

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
