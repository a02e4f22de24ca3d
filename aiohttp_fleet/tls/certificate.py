"""The certificate that nginx shows to a client: its names, and when it expires."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp_fleet.common.errors import FleetError

PART = 0.2
"""Part of its life: certbot renews when a third is left, so several attempts have failed when a fifth is left."""
DAY = 86400.0
"""Seconds."""
TIMEOUT = 5.0
"""Seconds for a handshake with this machine."""
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, for which `ssl` has no name: an expired certificate is read as well
(https://docs.openssl.org/3.0/man3/X509_VERIFY_PARAM_set_flags/)."""


@dataclass(frozen=True)
class Certificate:
    """What matters of a certificate.

    Attributes:
        der: all of it.
        names: the domains that it is for.
        begins: start of its validity, seconds since 1970.
        expires: end of its validity, seconds since 1970.
    """

    der: bytes
    names: tuple[str, ...]
    begins: float
    expires: float

    def is_overdue(self, now: float) -> bool:
        """Whether it should have been renewed before ``now`` (seconds since 1970)."""
        return self.expires - now < PART * (self.expires - self.begins)

    def sentence(self, now: float) -> str:
        """Describe its names and its end, as seen at ``now`` (seconds since 1970)."""
        date = datetime.fromtimestamp(self.expires, UTC).strftime("%Y-%m-%d %H:%M UTC")
        days = (self.expires - now) / DAY
        names = ", ".join(self.names) or "no name"
        if days < 0:
            return f"the certificate for {names} expired {date}"
        return f"the certificate for {names} is valid until {date}, {days:.0f} days"


def served_certificate(address: tuple[str, int]) -> Certificate:
    """Return the certificate that is shown at ``address``, with any issuer, expired or not.

    Raises:
        FleetError: nothing answers there, or not in TLS.
    """
    try:
        try:
            return _served(address)
        except ssl.SSLCertVerificationError:  # nginx was reloaded between the two handshakes
            return _served(address)
    except (OSError, ValueError) as error:
        where = "{}:{}".format(*address)
        raise FleetError(where, f"no certificate is shown there ({error})", "see fleet status") from None


def _served(address: tuple[str, int]) -> Certificate:
    """Connect twice: `ssl` parses only a certificate that it trusts, so the second handshake trusts the first's."""
    pem = ssl.get_server_certificate(address, timeout=TIMEOUT)
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # since Python 3.13; refuses what many private CAs sign
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    with (
        socket.create_connection(address, TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as sock,
    ):
        fields = sock.getpeercert() or {}
    names = tuple(str(pair[1]) for pair in fields.get("subjectAltName", ()) if pair[0] == "DNS")
    begins, expires = (ssl.cert_time_to_seconds(str(fields[key])) for key in ("notBefore", "notAfter"))
    return Certificate(ssl.PEM_cert_to_DER_cert(pem), names, begins, expires)
