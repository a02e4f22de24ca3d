"""The lines of nginx.conf that follow from supervisord.conf, between two comment markers."""

import difflib
from pathlib import Path

from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.fleet import Fleet, Worker

BEGIN = "# >>> fleet render"
END = "# <<< fleet render"


def block(fleet: Fleet) -> str:
    """Return the ``server`` lines of the upstream, without indentation.

    ``max_fails=0``: with the default of 1 a worker that was just restarted is skipped for the rest of that
    second, and with all of them skipped nginx answers 502 "no live upstreams", ``fail_timeout=0`` or not
    (https://nginx.org/en/docs/http/ngx_http_upstream_module.html#max_fails).
    """
    lines = [_server(worker) for worker in fleet.workers]
    if fleet.standby:
        lines.append(_server(fleet.standby, " backup"))
    return "\n".join(lines) + "\n"


def _server(worker: Worker, role: str = "") -> str:
    return f"server unix:{worker.socket} max_fails=0{role};"


def rendered(fleet: Fleet, text: str) -> str:
    """Return the text of nginx.conf with the lines between the markers replaced.

    Raises:
        FleetError: the markers are missing, or there is more than one pair.
    """
    lines = text.splitlines(keepends=True)
    begin, end = _marker(fleet.nginx_conf, lines, BEGIN), _marker(fleet.nginx_conf, lines, END)
    if end < begin:
        raise FleetError(str(fleet.nginx_conf), f"{END!r} stands above {BEGIN!r}", "swap the two lines")
    indent = lines[begin][: -len(lines[begin].lstrip())]
    wanted = [f"{indent}{line}" for line in block(fleet).splitlines(keepends=True)]
    return "".join([*lines[: begin + 1], *wanted, *lines[end:]])


def _marker(path: Path, lines: list[str], marker: str) -> int:
    found = [i for i, line in enumerate(lines) if line.strip().startswith(marker)]
    if len(found) != 1:
        reason = f"the line {marker!r} is there {len(found)} times"
        step = f"put it once into the upstream: {BEGIN!r} above the server lines, {END!r} below"
        raise FleetError(str(path), reason, step)
    return found[0]


def difference(fleet: Fleet, text: str) -> str:
    """Return what `rendered` would change, as a unified diff; empty when nothing."""
    name = str(fleet.nginx_conf)
    new = rendered(fleet, text).splitlines(keepends=True)
    return "".join(difflib.unified_diff(text.splitlines(keepends=True), new, name, f"{name} (rendered)", n=1))
