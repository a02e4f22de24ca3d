"""A certificate."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Certificate:
    """What matters of it.

    Attributes:
        der: all of it.
        names: the domains that it is for.
        begins: when it begins to be valid, seconds since 1970.
        expires: when it ends to be.
    """

    der: bytes
    names: tuple[str, ...]
    begins: float
    expires: float
