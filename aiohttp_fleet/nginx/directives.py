"""Facts from the text of an nginx configuration file.

Found by searching lines, without a parser: ``nginx -t`` decides whether a file is right.
"""

import re

_DIRECTIVE = r"^[ \t]*{}[ \t]+([^;#]+?)[ \t]*;"
_LISTEN = re.compile(_DIRECTIVE.format("listen"), re.MULTILINE)
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
    return {where[1] for where in _listens(text) if where}


def listen_address(text: str) -> tuple[str, int] | None:
    """Return where the first ``listen`` can be reached from this machine, None when that is no TCP port."""
    first = next(iter(_listens(text)), None)
    if first is None:
        return None
    host = first[0].strip("[]")
    return {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), first[1]


def listen_hosts(text: str) -> list[str]:
    """Return what is in front of the port in each ``listen``: ``""``, ``127.0.0.1:``, ``[::]:``."""
    return list(dict.fromkeys(f"{where[0]}:" if where[0] else "" for where in _listens(text) if where))


def _listens(text: str) -> list[tuple[str, int] | None]:
    """Return host and port of each ``listen``, as they are written; None for a unix socket."""
    found: list[tuple[str, int] | None] = []
    for value in _LISTEN.findall(text):
        address = value.split()[0]
        host, _, port = address.rpartition(":")
        tcp = (host, int(port)) if port.isdecimal() else (address, 80)
        found.append(None if address.startswith("unix:") else tcp)
    return found
