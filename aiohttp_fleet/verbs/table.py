"""Processes as a table, for eyes and for grep alike: one line each, reasons below."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiohttp_fleet.read.health import Health
from aiohttp_fleet.read.status import Process

WIDTH = 1000
"""Columns; wider than any table, because a cut path is no use, and a terminal folds long lines by itself."""


def print_table(rows: list[Process], nginx: str | None) -> None:
    """Print a line for each process, then why one is not ready, then which nginx is used."""
    console = Console(highlight=False, markup=False, soft_wrap=True, width=WIDTH)
    table = Table(box=None, pad_edge=False)
    for column in ("name", "state", "pid", "uptime", "memory", "requests", "now", "lag", "serves", ""):
        table.add_column(column, justify="left" if column in ("name", "state", "serves", "") else "right", no_wrap=True)
    for row in rows:
        uptime = "" if row.uptime is None else _duration(row.uptime)
        ready = Text("ready", "green") if row.ready else Text("not ready", "red")
        table.add_row(row.name, row.state, str(row.pid or ""), uptime, *_health(row.health), row.socket, ready)
    console.print(table)
    for row in rows:
        if not row.ready:
            console.print(f"{row.name}: {row.reason}", style="red")
    if nginx:
        console.print(nginx)


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
