"""Names of hosts."""

import re

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*", re.ASCII | re.IGNORECASE)
"""RFC 1035, 2.3.1, and RFC 1123, 2.1."""


def is_name(name: str) -> bool:
    """Whether this can be the name of a host, ``localhost`` included."""
    return bool(_NAME.fullmatch(name))


def is_domain(name: str) -> bool:
    """Whether an ACME server could certify a name: no address, no URL, no wildcard, no single word, no capitals."""
    return is_name(name) and name == name.lower() and "." in name and not name.rpartition(".")[2].isdecimal()
