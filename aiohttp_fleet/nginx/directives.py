"""The few facts that others need out of nginx.conf."""

import re

_DIRECTIVE = r"^[ \t]*{}[ \t]+([^;#]+?)[ \t]*;"


def directive(name: str, text: str) -> str | None:
    """Return the value of the first directive of that name, None when there is none.

    A search for lines, not a parser: nginx itself is the judge of the file, with ``nginx -t``.
    """
    found = re.search(_DIRECTIVE.format(re.escape(name)), text, re.MULTILINE)
    return found[1] if found else None


def ports(text: str) -> set[int]:
    """Return the TCP ports of all its ``listen``."""
    return {where[1] for line in text.splitlines() if (where := listen_address(line))}


def listen_address(text: str) -> tuple[str, int] | None:
    """Return where the first ``listen`` can be reached from this machine, None when that is no TCP port."""
    listen = directive("listen", text)
    if listen is None or listen.startswith("unix:"):
        return None
    host, _, port = listen.split()[0].rpartition(":")
    if not port.isdecimal():
        host, port = listen.split()[0], "80"
    host = host.strip("[]")
    return {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), int(port)
