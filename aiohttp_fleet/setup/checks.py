"""Find what would make the start of a new fleet fail, before anything is written."""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

from aiohttp_fleet.common.findings import Finding, failure, failures_of
from aiohttp_fleet.common.processes import process_directory, process_name
from aiohttp_fleet.common.tcp_ports import listeners, needs_root
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.nginx import system_nginx
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.setup.deploy import Project
from aiohttp_fleet.worker.process import check_group
from aiohttp_fleet.worker.socket_path import LONGEST

TEMPORARY = ".4194304.4194304"
"""Longest suffix of the temporary name that a worker binds: two pids of the largest size (proc(5))."""
ELSEWHERE = "give this fleet a directory of its own, --run-dir=deploy/sockets"


def check_prerequisites(project: Project) -> list[Finding]:
    """Check the user, the directories, the port and the sockets.

    Returns:
        What would fail when the fleet starts; nothing if all is well.
    """
    found = [*_user(project.user), *(_group(project.group) if project.group else ())]
    if not found:  # the other checks are made as this user
        found += [*_readable(project), *_sockets(project)]
    return found + [*(_visible(project) if project.is_site else _port(project))]


def _user(name: str) -> Iterator[Finding]:
    try:
        pwd.getpwnam(name)
    except KeyError:
        yield failure(f"--user {name}", "there is no such user", f"useradd --system {name}, or name another")


def _group(name: str) -> Iterator[Finding]:
    try:
        yield from failures_of(check_group, grp.getgrnam(name).gr_gid)
    except KeyError:
        yield failure(f"--group {name}", "there is no such group", "getent group lists them")


def _readable(project: Project) -> Iterator[Finding]:
    for path in dict.fromkeys((project.root, project.app.directory)):
        if not _may(project.user, path, "rx"):
            fix = "move the project to where every user may read, such as /srv, or run the fleet as its owner"
            yield failure(path, f"user {project.user}, who the workers become, may not read it", fix)


def _may(user: str, path: Path, flags: str) -> bool:
    """Whether the workers' user has these permissions (test(1)) for a directory."""
    command = ["sh", "-c", " && ".join(f'test -{flag} "$0"' for flag in flags), str(path)]
    if os.geteuid() != 0 or user == "root":
        return subprocess.run(command, check=False).returncode == 0
    groups = os.getgrouplist(user, pwd.getpwnam(user).pw_gid)
    done = subprocess.run(command, user=user, group=groups[0], extra_groups=groups, cwd="/", check=False)
    return done.returncode == 0


def _port(project: Project) -> Iterator[Finding]:
    what, pids = f"--port {project.port}", listeners(project.port)
    if needs_root(project.port):
        yield failure(what, "only root may listen on it", "choose one from 1024 on, or run fleet init with sudo")
    elif pids is not None and running_master(project.nginx_conf) not in pids:  # init may be run again
        who = f"pid {pids[0]} ({process_name(pids[0])})" if pids else "a process of another user"
        yield failure(what, f"{who} listens on it", "stop that process, or choose another --port")


def _sockets(project: Project) -> Iterator[Finding]:
    names = [*(f"web_{number}.sock" for number in range(1, project.workers + 1)), "web_standby.sock"]
    if len(os.fsencode(project.run_dir / f"{names[-1]}{TEMPORARY}")) > LONGEST:
        fix = "choose a shorter --run-dir, such as /run/NAME"
        yield failure(project.run_dir, f"the path of a socket has at most {LONGEST} bytes", fix)
        return
    if project.run_dir.exists() and not _may(project.user, project.run_dir, "wx"):
        fix = f"chown {project.user} {project.run_dir}, or choose another --run-dir"
        yield failure(project.run_dir, f"user {project.user} may not create sockets there", fix)
    for name in names:
        yield from _free(project, str(project.run_dir / name))


def _visible(project: Project) -> Iterator[Finding]:
    if (pid := system_nginx.master()) and not system_nginx.sees(pid, project.run_dir):
        reason = f"the system's nginx, pid {pid}, has another one (PrivateTmp=true)"
        yield failure(project.run_dir, reason, ELSEWHERE)


def _free(project: Project, path: str) -> Iterator[Finding]:
    try:
        pid = peer(path).pid
    except (FileNotFoundError, ConnectionRefusedError):
        return
    except OSError as error:
        yield failure(path, f"another fleet has it ({error.strerror})", ELSEWHERE)
    else:
        directory = process_directory(pid) or "another user's directory"
        if directory != str(project.app.directory):
            who = f"pid {pid} ({process_name(pid)}) in {directory}"
            yield failure(path, f"another fleet serves it, {who}", ELSEWHERE)
