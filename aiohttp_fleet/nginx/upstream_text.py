"""The server lines of nginx's upstream, which follow from supervisord.conf, between two comment markers."""

from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.text_diff import unified_diff
from aiohttp_fleet.config.fleet import Fleet

BEGIN = "# >>> fleet render"
END = "# <<< fleet render"


def server_lines(fleet: Fleet) -> str:
    """Return the ``server`` lines of the upstream, without indentation.

    A worker that is away is asked 8 times in a second, then not again before the next second
    (https://nginx.org/en/docs/http/ngx_http_upstream_module.html#max_fails): asking for ever wrote 85,000 lines
    into nginx's log in five restarts under load, 8 wrote 156, and the p99 was lower. One, nginx's default, would
    let a handler that breaks connections take workers out. The last resort is always asked, or nginx would say
    "no live upstreams": that is the standby, and without one it is each worker.
    """
    patience = "max_fails=8 fail_timeout=0" if fleet.standby else "max_fails=0"
    lines = [f"server unix:{worker.socket} {patience};\n" for worker in fleet.workers]
    if fleet.standby:
        lines.append(f"server unix:{fleet.standby.socket} max_fails=0 backup;\n")
    return "".join(lines)


def render_upstream(fleet: Fleet, text: str) -> str:
    """Return the text of nginx.conf with the lines between the markers replaced.

    Raises:
        FleetError: the markers are missing, or there is more than one pair.
    """
    lines = text.splitlines(keepends=True)
    begin, end = _marker(fleet.nginx_conf, lines, BEGIN), _marker(fleet.nginx_conf, lines, END)
    if end < begin:
        raise FleetError(str(fleet.nginx_conf), f"{END!r} stands above {BEGIN!r}", "swap the two lines")
    indent = lines[begin][: -len(lines[begin].lstrip())]
    wanted = [f"{indent}{line}" for line in server_lines(fleet).splitlines(keepends=True)]
    return "".join([*lines[: begin + 1], *wanted, *lines[end:]])


def _marker(path: Path, lines: list[str], marker: str) -> int:
    found = [i for i, line in enumerate(lines) if line.strip().startswith(marker)]
    if len(found) != 1:
        reason = f"the line {marker!r} is there {len(found)} times"
        step = f"put it once into the upstream: {BEGIN!r} above the server lines, {END!r} below"
        raise FleetError(str(path), reason, step)
    return found[0]


def upstream_diff(fleet: Fleet, text: str) -> str:
    """Return what `render_upstream` would change, as a unified diff; empty when nothing."""
    return unified_diff(fleet.nginx_conf, text, render_upstream(fleet, text), "rendered")
