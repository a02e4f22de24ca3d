"""When a certificate is about to expire."""

from datetime import UTC, datetime

from aiohttp_fleet.tls.certificate import Certificate

PART = 0.2
"""Of its life: certbot renews with a third left, so that at a fifth several attempts have failed."""
DAY = 86400.0
"""Seconds."""


def is_due(certificate: Certificate, now: float) -> bool:
    """Whether somebody has to look after it: it should have been renewed by now.

    Args:
        certificate: which.
        now: seconds since 1970.
    """
    return certificate.expires - now < PART * (certificate.expires - certificate.begins)


def sentence(certificate: Certificate, now: float) -> str:
    """Say for whom it is, and until when."""
    date = datetime.fromtimestamp(certificate.expires, UTC).strftime("%Y-%m-%d %H:%M UTC")
    days = (certificate.expires - now) / DAY
    names = ", ".join(certificate.names) or "no name"
    if days < 0:
        return f"the certificate for {names} expired {date}"
    return f"the certificate for {names} is valid until {date}, {days:.0f} days"
