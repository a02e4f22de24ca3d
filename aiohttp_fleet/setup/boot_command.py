"""``fleet boot``: start the fleet with the machine, by systemd."""

import os
import pwd
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from aiohttp_fleet.common.findings import Finding, Level
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.common.write_files import write_file
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.setup.confirm import changes, differing
from aiohttp_fleet.setup.service import planned_files, project_directory, service_user
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
    name, account = name or project_directory(fleet).name, service_user(fleet, user)
    texts = planned_files(fleet, name, account, root)
    changed = differing(texts)
    states = {path: "current" if path not in changed else "differs" if path.exists() else "missing" for path in texts}
    files = [{"path": str(path), "state": states[path], "text": text} for path, text in texts.items()]
    output.add(name=name, files=files)
    if check:
        output.line(changes(changed, "fleet boot"), newline=False)
        return 1 if changed else 0
    if not write:
        for path, text in texts.items():
            output.line(f"# {path}\n{text}")
        return 0
    context.require(_check(fleet, account, changed))
    overwritten = {path: text for path, text in changed.items() if states[path] == "differs"}
    output.line(changes(overwritten, "fleet boot"), newline=False)
    for path, text in changed.items():
        write_file(path, text)
        output.line(f"{path}: written")
    if not changed:
        output.line(f"{name}: nothing to change")
    steps = ["systemctl daemon-reload", f"systemctl enable --now {name}"]
    if pid := _foreign_supervisord(fleet, name):
        supervisorctl = Path(sys.executable).with_name("supervisorctl")
        stop = shlex.join([str(supervisorctl), "-c", str(fleet.supervisord_conf), "shutdown"])
        steps.insert(0, f"{stop}  # pid {pid}, which systemd has not started")
    output.add(next=steps)
    output.line("\n  ".join([f"{name}: to start it now, and with the machine:", *steps]))
    return 0


def _check(fleet: Fleet, user: pwd.struct_passwd, paths: Iterable[Path]) -> Iterator[Finding]:
    """Yield what would keep this user from writing the files, or the service from starting."""
    for path in paths:
        directory = next(parent for parent in path.parents if parent.exists())
        if not os.access(directory, os.W_OK):
            yield Finding(Level.FAIL, str(path), "only root may write it", "retry with sudo")
    run, name = fleet.supervisord_conf.parent / "run", user.pw_name
    found = [run, *run.iterdir()] if run.is_dir() and name != "root" else []
    if foreign := [path for path in found if path.lstat().st_uid != user.pw_uid]:
        reason = f"{len(foreign)} of its files are not {name}'s, who runs the service, such as {foreign[0]}"
        yield Finding(Level.FAIL, str(run), reason, f"stop the fleet, then chown -R {name}: {run}")


def _foreign_supervisord(fleet: Fleet, name: str) -> int | None:
    """Return the pid of a supervisord that runs this project outside of the service, None if there is none."""
    try:
        pid = peer(fleet.control_socket).pid
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    return None if f"/{name}.service" in groups else pid
