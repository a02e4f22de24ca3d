"""``fleet boot``: start the fleet with the machine: the unit of systemd, and the rotation of the access log."""

import grp
import os
import pwd
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import Finding, failure
from aiohttp_fleet.common.read_files import differing, read_existing
from aiohttp_fleet.common.tcp_ports import is_privileged
from aiohttp_fleet.common.templates import filled, plain
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.common.write_files import write_file
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.directives import directive
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.setup.confirm import changes
from aiohttp_fleet.supervision.command import FleetContext, command

TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
"""What PrivateTmp= replaces."""
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""What ProtectHome= hides."""
RUN = Path("/run")
"""It is empty after a boot: RuntimeDirectory= creates directories in it."""
ROOT = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL CAP_SETGID CAP_SETUID"
"""What root needs to become the workers' user, to signal it, and to use files and sockets that belong to it."""
MARGIN = 15
"""Seconds that supervisord gets for itself, after all programs have had theirs."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)
"""What systemd, logrotate and a shell accept without quotes."""


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
    name, account = name or _project(fleet).name, _user(fleet, user)
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
            yield failure(path, "only root may write it", "retry with sudo")
    run, name = fleet.supervisord_conf.parent / "run", user.pw_name
    found = [run, *run.iterdir()] if run.is_dir() and name != "root" else []
    if foreign := [path for path in found if path.lstat().st_uid != user.pw_uid]:
        reason = f"{len(foreign)} of its files are not {name}'s, who runs the service, such as {foreign[0]}"
        yield failure(run, reason, f"stop the fleet, then chown -R {name}: {run}")


def _foreign_supervisord(fleet: Fleet, name: str) -> int | None:
    """Return the pid of a supervisord that runs this project outside of the service, None if there is none."""
    try:
        pid = peer(fleet.control_socket).pid
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    return None if f"/{name}.service" in groups else pid


def _project(fleet: Fleet) -> Path:
    """Return the directory of the project that a fleet belongs to."""
    directory = fleet.supervisord_conf.parent
    return directory.parent if directory.name == "deploy" else directory


def _user(fleet: Fleet, name: str | None) -> pwd.struct_passwd:
    """Return the user of that name; by default the owner of supervisord.conf.

    Raises:
        FleetError: there is no such user.
    """
    uid = fleet.supervisord_conf.stat().st_uid
    try:
        return pwd.getpwuid(uid) if name is None else pwd.getpwnam(name)
    except KeyError:
        what = f"--user {name}" if name else f"{fleet.supervisord_conf}, uid {uid}"
        raise FleetError(what, "there is no such user", "useradd --system, or name another with --user") from None


def planned_files(fleet: Fleet, name: str, user: pwd.struct_passwd, root: Path) -> Mapping[Path, str]:
    """Return the text of each file.

    Args:
        fleet: the fleet.
        name: of the service.
        user: of the service.
        root: the directory that contains ``etc``.

    Raises:
        FleetError: a name or a path that would need quotes in them.
    """
    if not _NAME.fullmatch(name):
        raise FleetError(repr(name), "a service cannot have this name", "choose letters and digits with --name")
    etc, nginx = root.absolute() / "etc", read_existing(fleet.nginx_conf) or ""
    values = _values(fleet, name, user, nginx)
    texts = {etc / "systemd" / "system" / f"{name}.service": filled("aiohttp.service", values)}
    if log := _access_log(fleet, nginx):
        pid_file = fleet.nginx_conf.parent / (directive("pid", nginx) or "nginx.pid")
        values |= {"ACCESS_LOG": plain(log), "NGINX_PID": plain(pid_file)}
        texts[etc / "logrotate.d" / name] = filled("aiohttp.logrotate", values)
    return texts


def _values(fleet: Fleet, name: str, user: pwd.struct_passwd, nginx: str) -> dict[str, str]:
    """Return what both files have in the place of their keys; ``nginx`` is the text of nginx.conf."""
    project, programs, is_root = _project(fleet), Path(sys.executable).parent, user.pw_name == "root"
    low = fleet.nginx and any(map(is_privileged, TlsFiles(fleet.nginx_conf.parent).ports(nginx)))
    capabilities = " ".join([ROOT] * is_root + ["CAP_NET_BIND_SERVICE"] * bool(low))
    sockets = dict.fromkeys(Path(path).parent.resolve() for worker in fleet.served for path in worker.sockets)
    private_tmp = not any(_within(path, TEMPORARY) for path in (project, *sockets))
    runtime = [path.relative_to(RUN) for path in sockets if path != RUN and path.is_relative_to(RUN)]
    elsewhere = [path for path in sockets if not _within(path, (project, RUN, *TEMPORARY))]
    in_home = any(_within(path, HOMES) for path in (project, programs, Path(sys.executable).resolve()))
    return {
        "NAME": name,
        "ROOT": plain(project),
        "BIN": plain(programs),
        "CONF": plain(fleet.supervisord_conf),
        "STOP": str(fleet.stop),
        "MARGIN": str(MARGIN),
        "TIMEOUT": str(fleet.stop + MARGIN),
        "USER": user.pw_name,
        "GROUP": _group(user.pw_gid),
        "CAPABILITIES": capabilities,
        "AMBIENT": "" if is_root else capabilities,
        "WRITABLE": _paths([project, *elsewhere, *(() if private_tmp else TEMPORARY)]),
        "PRIVATE_TMP": "yes" if private_tmp else "no",
        "RUNTIME": _paths(runtime),
        "RUNTIME_MODE": "1777" if is_root else "0755",  # its workers are another user: as in /tmp, each its own files
        "PROTECT_HOME": "read-only" if in_home else "yes",
        "SYSTEM_CALLS": "@chown @setuid" if is_root else "@chown",
    }


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _access_log(fleet: Fleet, nginx: str) -> Path | None:
    """Return the first access log of this fleet's nginx, None if it is not a file."""
    value = directive("access_log", nginx) if fleet.nginx else None
    if value is None or value.startswith(("off", "syslog:")):
        return None
    return Path(os.path.normpath(fleet.nginx_conf.parent / value.split()[0]))


def _within(path: Path, directories: Iterable[Path]) -> bool:
    return any(path.is_relative_to(directory) for directory in directories)


def _paths(paths: Iterable[Path]) -> str:
    return " ".join(map(plain, paths))
