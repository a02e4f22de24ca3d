"""``fleet status``: every process, and whether it is ready."""

from dataclasses import asdict
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.operate.observe import observe_until
from aiohttp_fleet.operate.status_table import print_table
from aiohttp_fleet.supervision.command import FleetContext, command, supervisord_of


@command
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait until all are ready.")
def status(context: FleetContext, wait: float) -> int:
    """Show each worker, the standby, the watchdog and nginx; exit 1 unless all of them are ready."""
    fleet = context.fleet()
    rows = observe_until(fleet, supervisord_of(fleet), wait)
    ready = all(row.ready for row in rows)
    nginx = _which(fleet.nginx_conf) if fleet.nginx else None
    context.output.add(ready=ready, processes=[asdict(row) for row in rows], nginx=nginx)
    if not context.output.as_json:
        print_table(rows, nginx)
    return 0 if ready else 1


def _which(conf: Path) -> str:
    try:
        return running_nginx(conf).sentence()
    except FleetError as error:
        return str(error)
