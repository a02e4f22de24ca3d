"""``fleet status``: what every process does, and who would be answered."""

import json
import time
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiohttp_fleet.act.observe import observe
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx.binary import running
from aiohttp_fleet.read.status import Process
from aiohttp_fleet.verbs.shape import Chosen, supervisord, verb

POLL = 0.1
"""Seconds between two looks of ``--wait``."""


@verb
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait until all is ready.")
def status(chosen: Chosen, as_json: bool, wait: float) -> int:
    """Show each worker, the standby and nginx; exit 1 unless all of them are ready."""
    fleet = chosen.fleet()
    deadline = time.monotonic() + wait
    while True:
        try:
            rows = observe(fleet, supervisord(fleet))
        except FleetError:
            if time.monotonic() >= deadline:
                raise
            rows = []
        ready = bool(rows) and all(row.ready for row in rows)
        if ready or time.monotonic() >= deadline or any(row.state == "FATAL" for row in rows):
            break
        time.sleep(POLL)
    nginx = running(rows[-1].pid if rows else None).sentence() if fleet.nginx else None
    if as_json:
        click.echo(json.dumps({"ready": ready, "processes": [asdict(row) for row in rows], "nginx": nginx}, indent=2))
    else:
        _print(rows, nginx)
    return 0 if ready else 1


def _print(rows: list[Process], nginx: str | None) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("name", "state", "pid", "uptime", "serves", ""):
        table.add_column(column, justify="right" if column in ("pid", "uptime") else "left", no_wrap=True)
    for row in rows:
        uptime = "" if row.uptime is None else _duration(row.uptime)
        ready = Text("ready", "green") if row.ready else Text("not ready", "red")
        table.add_row(row.name, row.state, str(row.pid or ""), uptime, row.socket, ready)
    console.print(table)
    for row in rows:
        if not row.ready:
            console.print(f"{row.name}: {row.reason}", style="red")
    if nginx:
        console.print(nginx)


def _duration(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {clock}" if days else clock
