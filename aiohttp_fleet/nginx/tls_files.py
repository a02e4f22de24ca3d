"""Where everything about HTTPS is, all of it beside nginx.conf."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing, read_text
from aiohttp_fleet.nginx.directives import directive, listen_address, ports

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
        """What has to be kept: certificate, account, nginx's text."""
        return self.deploy / "tls"

    @property
    def certbot(self) -> Path:
        """certbot's own directory, instead of /etc/letsencrypt."""
        return self.tls / "certbot"

    @property
    def logs(self) -> Path:
        """What certbot writes and nobody has to keep."""
        return self.deploy / "run" / "certbot"

    @property
    def log(self) -> Path:
        """What certbot did, the last time."""
        return self.logs / "letsencrypt.log"

    @property
    def webroot(self) -> Path:
        """What the challenge location of nginx.conf serves."""
        return self.tls / "acme"

    @property
    def certificate(self) -> Path:
        """The certificate and those that vouch for it."""
        return self.certbot / "live" / LINEAGE / "fullchain.pem"

    @property
    def server_conf(self) -> Path:
        """What nginx.conf includes into its server block."""
        return self.tls / "server.conf"

    @property
    def http_conf(self) -> Path:
        """What nginx.conf includes into its http block."""
        return self.tls / "http.conf"

    def listen(self, version: str) -> Path:
        """Where nginx listens for https, as it is written since that version of nginx."""
        return self.tls / "listen" / f"{version}.conf"

    @property
    def https(self) -> tuple[str, int] | None:
        """Where https can be reached from this machine, None where there is none."""
        return listen_address(read_existing(self.listen("0")) or "")

    def ports(self, text: str) -> set[int]:
        """Return where nginx listens: what its file says, and for https."""
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
        """Where the certificate that is there came from, None where there is none."""
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


def listen_hosts(text: str) -> list[str]:
    """Return what stands before the port in each ``listen`` of nginx.conf: ``""``, ``127.0.0.1:``, ``[::]:``."""
    found = []
    for line in text.splitlines():
        value = directive("listen", line)
        if value is None or value.startswith("unix:"):
            continue
        host, _, port = value.split()[0].rpartition(":")
        if not port.isdecimal():
            host = value.split()[0]
        found.append(f"{host}:" if host else "")
    return list(dict.fromkeys(found))
