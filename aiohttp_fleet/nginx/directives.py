"""Facts from the text of an nginx configuration file.

Found by searching lines, without a parser: ``nginx -t`` decides whether a file is right.
"""

import re

_DIRECTIVE = r"^[ \t]*{}[ \t]+([^;#]+?)[ \t]*;"
_COMMENT = re.compile(r"(^|(?<=\s))#.*$", re.MULTILINE)
_LOCATION = re.compile(r"\blocation\s[^{;]*\{")
_ALL = re.compile(r"\blocation\s+/\s*\{(\s*proxy_pass\s+([^;{}\s]+)\s*;\s*\})?")
"""``location /``, and its proxy_pass where it has nothing else."""
_INCLUDE = re.compile(r"\binclude\s+([^;]+);")
_KIT = re.compile(r"(.*/)?kit/[\w-]+\.conf")


def directive(name: str, text: str) -> str | None:
    """Return the value of the first directive of that name, None when there is none."""
    found = re.search(_DIRECTIVE.format(re.escape(name)), text, re.MULTILINE)
    return found[1] if found else None


def without_comments(text: str) -> str:
    """Return the text without its comments."""
    return _COMMENT.sub("", text)


def workers_url(text: str) -> str:
    """Return the URL of the ``location /``, such as ``http://aiohttp``; empty where that has more than proxy_pass."""
    found = {target for _, target in _ALL.findall(without_comments(text))}
    return found.pop() if len(found) == 1 else ""


def proxied_to(text: str) -> str:
    """Return where ``location /`` asks, if that answers all requests; else nothing.

    It does not if there is a location of the user's own, anything but ``proxy_pass`` in ``location /``, or an include
    of a file that may have a location.

    Args:
        text: of nginx.conf or site.conf.
    """
    text = without_comments(text)
    is_all = len(_LOCATION.findall(text)) == 1 and all(map(_KIT.fullmatch, _INCLUDE.findall(text)))
    return workers_url(text) if is_all else ""


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


def listen_hosts(text: str) -> list[str]:
    """Return what is in front of the port in each ``listen``: ``""``, ``127.0.0.1:``, ``[::]:``."""
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
