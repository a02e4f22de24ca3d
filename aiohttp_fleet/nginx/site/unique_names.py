"""Names that all sites of an nginx share: those of one site told from those of another by what they begin with."""

import re

PLACES = (
    (r"^(?:map|geo|split_clients) .*\$(\w+) {", r"(\$\{{?)({})\b"),
    (r"^upstream (\S+)", r"^(upstream )({})(?= )"),
    (r"^upstream (\S+)", r"^(\s*\w+_pass \w+://)({})(?=[;:/])"),
    (r"^\s+zone (\w+)", r"^(\s+zone )({})\b"),
    (r"zone=(\w+)", r"(zone=)({})\b"),
    (r"zone=(\w+)", r"^(\s*limit_conn )({})\b"),
    (r"zone=(\w+)", r"^(\s*(?:\w+_cache|default|\"[^\"]*\"|~\S+) )({})(?=;)"),  # the value of a map is one too
    (r"^log_format (\w+)", r"^(log_format )({})\b"),
    (r"^log_format (\w+)", r"^(\s*access_log \S+ )({})\b"),
)
"""Where such a name is given, and a place where it stands: variables, upstreams, shared memory, formats."""


def prefixed(text: str, prefix: str) -> str:
    """Return the text of a site with each name that it gives beginning with ``prefix``.

    Args:
        text: as `aiohttp_fleet.nginx.parser.printed` writes it, one directive in a line.
        prefix: letters, digits and underscores.
    """
    names = [(place, "|".join(map(re.escape, re.findall(given, text, re.MULTILINE)))) for given, place in PLACES]
    for place, these in names:
        if these:
            text = re.sub(place.format(these), rf"\g<1>{prefix}\2", text, flags=re.MULTILINE)
    return text
