"""``fleet status``: every process, and whether it is ready, as a table with one line each."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.operate.observe import Process, observe_until
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of
from aiohttp_fleet.supervision.control_client import Health

COLUMNS = ("name", "state", "pid", "uptime", "memory", "requests", "now", "lag", "serves", "")
RIGHT = range(2, 8)
"""Columns that are aligned to the right."""


@command
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait until all are ready.")
def status(context: FleetContext, wait: float) -> int:
    """Show each worker, the standby, the watchdog and nginx; exit 1 unless all of them are ready."""
    fleet = context.fleet()
    supervisord = supervisord_of(fleet)
    rows = observe_until(fleet, supervisord, wait)
    ready = all(row.ready for row in rows)
    template = supervisord.template(fleet.program)
    nginx = _which(fleet.nginx_conf) if fleet.nginx else None
    context.output.add(ready=ready, processes=[asdict(row) for row in rows], nginx=nginx, template=template)
    if not context.output.as_json:
        print_table(rows, nginx)
        if template and template["reason"]:
            shares = "share the libraries only" if template["shares"] else "are executed"
            click.echo(f"workers {shares}: {template['reason']}; see fleet help templates")
    return 0 if ready else 1


def _which(conf: Path) -> str:
    try:
        return running_nginx(conf).sentence()
    except FleetError as error:
        return str(error)


def print_table(rows: list[Process], nginx: str | None) -> None:
    """Print a line for each process, then why one is not ready, then which nginx is used."""
    cells = [_cells(row) for row in rows]
    for line in _aligned([COLUMNS, *cells]):
        click.echo(line)
    for row in rows:
        if not row.ready:
            click.secho(f"{row.name}: {row.reason}", fg="red")
    if nginx:
        click.echo(nginx)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row, with columns of one width; the last column may have colours."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(_padded, row, widths, range(len(row)))).rstrip() for row in rows]


def _padded(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in RIGHT else cell.ljust(width)


def _cells(row: Process) -> tuple[str, ...]:
    uptime = "" if row.uptime is None else _duration(row.uptime)
    ready = click.style("ready", "green") if row.ready else click.style("not ready", "red")
    return row.name, row.state, str(row.pid or ""), uptime, *_health(row.health), row.socket, ready


def _health(health: Health | None) -> tuple[str, str, str, str]:
    """Return memory, requests since the start, requests in flight, and the event loop's lag."""
    if health is None:
        return "", "", "", ""
    memory, lag = f"{health.memory / 1e6:.0f} MB", f"{health.lag * 1000:.0f} ms"
    return memory, str(health.requests), str(health.in_flight), lag


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {clock}" if days else clock
