"""``fleet boot``: start the fleet with the machine, by systemd."""

import shlex
from pathlib import Path

import click

from aiohttp_fleet.common.read_files import differing
from aiohttp_fleet.common.write_files import write_file
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.setup.checks import check_boot, foreign_supervisord
from aiohttp_fleet.setup.confirm import changes
from aiohttp_fleet.setup.service import Service, service_of
from aiohttp_fleet.setup.unit_text import planned_files
from aiohttp_fleet.supervision.command import FleetContext, command


@command
@click.option("--name", help="Name of the service; default: that of the project's directory.")
@click.option("--user", help="User of the service; default: the owner of supervisord.conf.")
@click.option("--root", type=click.Path(path_type=Path), default=Path("/"), show_default=True,
              help="Directory that contains etc, such as that of an image.")  # fmt: skip
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something would change.")
@click.option("--write", is_flag=True, help="Write the files, also over files that differ.")
def boot(context: FleetContext, name: str | None, user: str | None, root: Path, check: bool, write: bool) -> int:
    """Start the fleet with the machine, by systemd.

    Prints a hardened unit, and a rotation of the access log for logrotate; --write puts them into /etc.
    """
    if check and write:
        raise click.UsageError("--check and --write exclude each other.")
    fleet, output = context.fleet(), context.output
    service = service_of(fleet, name, user)
    texts = planned_files(service, root)
    changed = differing(texts)
    states = {path: "differs" if path.exists() else "missing" for path in changed}
    files = [{"path": str(path), "state": states.get(path, "current"), "text": text} for path, text in texts.items()]
    output.add(name=service.name, files=files)
    if not check and not write:
        for path, text in texts.items():
            output.line(f"# {path}\n{text}")
        return 0
    if write:
        context.require(check_boot(service, changed))
    shown = {path: text for path, text in changed.items() if check or states[path] == "differs"}
    output.line(changes(shown, "fleet boot"), newline=False)
    if check:
        return 1 if changed else 0
    for path, text in changed.items():
        write_file(path, text)
        output.line(f"{path}: written")
    if not changed:
        output.line(f"{service.name}: nothing to change")
    steps = _next_steps(fleet, service)
    output.add(next=steps)
    output.line("\n  ".join([f"{service.name}: to start it now, and with the machine:", *steps]))
    return 0


def _next_steps(fleet: Fleet, service: Service) -> list[str]:
    steps = ["systemctl daemon-reload", f"systemctl enable --now {service.name}"]
    if pid := foreign_supervisord(fleet, service.name):
        stop = shlex.join([f"{service.bin}/supervisorctl", "-c", str(service.conf), "shutdown"])
        steps.insert(0, f"{stop}  # pid {pid}, which systemd has not started")
    return steps
