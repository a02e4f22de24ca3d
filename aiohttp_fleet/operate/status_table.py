"""Processes as a table, for eyes and for grep alike: one line each, reasons below."""

import click
from tabulate import tabulate

from aiohttp_fleet.operate.process import Process
from aiohttp_fleet.supervision.health import Health

COLUMNS = ("name", "state", "pid", "uptime", "memory", "requests", "now", "lag", "serves", "")
ALIGN = ("left", "left", "right", "right", "right", "right", "right", "right", "left", "left")


def print_table(rows: list[Process], nginx: str | None) -> None:
    """Print a line for each process, then why one is not ready, then which nginx is used."""
    cells = [_cells(row) for row in rows]
    click.echo(tabulate(cells, COLUMNS, "plain", colalign=ALIGN, disable_numparse=True))
    for row in rows:
        if not row.ready:
            click.secho(f"{row.name}: {row.reason}", fg="red")
    if nginx:
        click.echo(nginx)


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
