"""``fleet boot``: the fleet is started with the machine, by systemd."""

import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.common.write_files import write_file
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.setup.boot import by_hand, planned_files, require
from aiohttp_fleet.setup.confirm import print_changes
from aiohttp_fleet.setup.service import Service, service_of
from aiohttp_fleet.supervision.command import FleetContext, command


@command
@click.option("--name", help="Name of the service; else that of the project's directory.")
@click.option("--user", help="Who runs it; else the owner of supervisord.conf.")
@click.option("--root", type=click.Path(path_type=Path), default=Path("/"), show_default=True,
              help="Below which etc/ is, such as that of an image.")  # fmt: skip
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something would change.")
@click.option("--write", is_flag=True, help="Write them, over what is there and differs too.")
def boot(chosen: FleetContext, name: str | None, user: str | None, root: Path, check: bool, write: bool) -> int:
    """Print a unit for systemd, hardened, and a log rotation for logrotate; --write puts them into /etc."""
    if check and write:
        raise click.UsageError("--check and --write exclude each other.")
    fleet = chosen.fleet()
    service = service_of(fleet, name, user)
    texts = planned_files(service, root)
    if not check and not write:
        for path, text in texts.items():
            click.echo(f"# {path}\n{text}")
        return 0
    changed = {path: text for path, text in texts.items() if read_existing(path) != text}
    if check:
        print_changes(changed, "fleet boot")
        return 1 if changed else 0
    require(service, changed)
    print_changes({path: text for path, text in changed.items() if path.exists()}, "fleet boot")
    for path, text in changed.items():
        write_file(path, text)
    _next(fleet, service, changed)
    return 0


def _next(fleet: Fleet, service: Service, changed: Iterable[Path]) -> None:
    for path in changed:
        click.echo(f"{path}: written")
    if not changed:
        click.echo(f"{service.name}: nothing to change")
    click.echo(f"{service.name}: started now, and with the machine, once you type")
    if pid := by_hand(fleet, service.name):
        stop = shlex.join([f"{service.bin}/supervisorctl", "-c", str(service.conf), "shutdown"])
        click.echo(f"  {stop}  # pid {pid}, which was started by hand")
    click.echo("  systemctl daemon-reload")
    click.echo(f"  systemctl enable --now {service.name}")
