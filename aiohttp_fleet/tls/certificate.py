"""A certificate: its names, and when it expires."""

from dataclasses import dataclass
from datetime import UTC, datetime

PART = 0.2
"""Part of its life: certbot renews when a third is left, so several attempts have failed when a fifth is left."""
DAY = 86400.0
"""Seconds."""


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
