"""What would fail when the fleet of a new project is started, found before anything is written."""

import contextlib
import grp
import os
import pwd
import subprocess
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.tcp_ports import listeners, needs_root, process_name
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.nginx import system_nginx
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.setup.deploy_text import Project
from aiohttp_fleet.worker.socket_path import LONGEST
from aiohttp_fleet.worker.user import check_group

TEMPORARY = ".4194304.4194304"
"""The longest ending of the name that a worker binds before its path: two pids of the largest size (proc(5))."""
ELSEWHERE = "give this fleet a directory of its own, --run-dir=deploy/sockets"


def check_prerequisites(project: Project) -> None:
    """Look at the user, the directories, the port and the sockets.

    Raises:
        FleetError: one of them will not do.
    """
    _user(project.user)
    if project.group:
        _group(project.group)
    for path, flags in ((project.root, "rx"), (project.app.directory, "rx")):
        if not _may(project.user, path, flags):
            step = "move the project to where everybody may read, such as /srv, or run the fleet as its owner"
            raise FleetError(str(path), f"user {project.user}, who the workers become, may not read it", step)
    _sockets(project)
    if project.is_site:
        _seen(project)
    else:
        _port(project)


def _user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise FleetError(f"--user {name}", "there is no such user", "create it with useradd, or name another") from None


def _group(name: str) -> None:
    try:
        gid = grp.getgrnam(name).gr_gid
    except KeyError:
        raise FleetError(f"--group {name}", "there is no such group", "getent group lists them") from None
    check_group(gid)


def _may(user: str, path: Path, flags: str) -> bool:
    """Whether the workers' user may do with a directory what test(1) calls so."""
    command = ["sh", "-c", " && ".join(f'test -{flag} "$0"' for flag in flags), str(path)]
    if os.geteuid() != 0 or user == "root":
        return subprocess.run(command, check=False).returncode == 0
    groups = os.getgrouplist(user, pwd.getpwnam(user).pw_gid)
    done = subprocess.run(command, user=user, group=groups[0], extra_groups=groups, cwd="/", check=False)
    return done.returncode == 0


def _port(project: Project) -> None:
    what = f"--port {project.port}"
    if needs_root(project.port):
        raise FleetError(what, "only root may listen on it", "choose one from 1024 on, or run it with sudo")
    pids = listeners(project.port)
    if pids is None or _ours(project, pids):
        return
    who = f"pid {pids[0]} ({process_name(pids[0])})" if pids else "a process of another user"
    raise FleetError(what, f"{who} listens on it", "stop that one, or choose another --port")


def _ours(project: Project, pids: list[int]) -> bool:
    """Whether this project's own nginx is among them: "fleet init" may be run again."""
    with contextlib.suppress(OSError):
        return running_master(project.root / "deploy" / "nginx.conf") in pids
    return False


def _sockets(project: Project) -> None:
    names = [*(f"web_{number}.sock" for number in range(1, project.workers + 1)), "web_standby.sock"]
    if len(os.fsencode(project.run_dir / f"{names[-1]}{TEMPORARY}")) > LONGEST:
        step = "choose a shorter --run-dir, such as /run/NAME"
        raise FleetError(str(project.run_dir), f"a socket's path has at most {LONGEST} bytes", step)
    if project.run_dir.exists() and not _may(project.user, project.run_dir, "wx"):
        step = f"chown {project.user} {project.run_dir}, or choose another --run-dir"
        raise FleetError(str(project.run_dir), f"user {project.user} may not create sockets there", step)
    for name in names:
        _free(project, str(project.run_dir / name))


def _seen(project: Project) -> None:
    if (pid := system_nginx.master()) and not system_nginx.sees(pid, project.run_dir):
        reason = f"the system's nginx, pid {pid}, has another one (PrivateTmp=true)"
        raise FleetError(str(project.run_dir), reason, ELSEWHERE)


def _free(project: Project, path: str) -> None:
    try:
        owner = peer(path)
    except (FileNotFoundError, ConnectionRefusedError):
        return
    except OSError as error:
        raise FleetError(path, f"another fleet has it ({error.strerror})", ELSEWHERE) from None
    try:
        directory = os.readlink(f"/proc/{owner.pid}/cwd")  # noqa: PTH115, compared as text
    except OSError:
        directory = "another user's directory"
    if directory != str(project.app.directory):
        who = f"pid {owner.pid} ({process_name(owner.pid)}) in {directory}"
        raise FleetError(path, f"another fleet serves it, {who}", ELSEWHERE)
