"""What this process is to the system: its user, its name in ps and top, and the pipe that it prints into."""

import contextlib
import fcntl
import grp
import importlib.util
import os
import pwd
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from setproctitle import setproctitle, setthreadtitle

from aiohttp_fleet.common.errors import FleetError

PIPE = 1024 * 1024
"""Bytes; what Linux allows every user (pipe(7), /proc/sys/fs/pipe-max-size). The default is 64 kB."""


def become(name: str, gid: int | None) -> None:
    """Change to user ``name`` when this process is root; do nothing otherwise.

    HOME, USER and LOGNAME follow, as under systemd's ``User=``: libraries that read root's home would fail.

    Args:
        name: the user; ``root`` stays root.
        gid: a further group to be a member of, so that the sockets can be given to it.

    Raises:
        FleetError: there is no such user, or it cannot read Python or the project.
    """
    if os.geteuid() != 0 or name == "root":
        return
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise FleetError(f"--user {name}", "there is no such user", "create it with useradd") from None
    needed = (Path(os.__file__).parent, _packages(), Path.cwd())  # Python, its packages, the project
    groups = os.getgrouplist(name, user.pw_gid)
    os.setgroups(groups if gid is None else [*groups, gid])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=name, LOGNAME=name)
    _require_access(name, needed)


def check_group(gid: int | None) -> None:
    """Check that this user may give its sockets to group ``gid``.

    Raises:
        FleetError: it is not a member.
    """
    if gid is None or os.geteuid() == 0 or gid in (os.getegid(), *os.getgroups()):
        return
    name = grp.getgrgid(gid).gr_name
    step = f"sudo usermod --append --groups {name} USER, then log in again"
    raise FleetError(f"--group {name}", f"uid {os.geteuid()} is not in it", step)


def set_title(name: str, program: Sequence[str] = ()) -> None:
    """Put a name before the command line of this process, and make it the name of the process.

    ``ps`` then shows ``web1: python -m aiohttp_fleet.worker app.main:create_app --path=...`` and ``top`` ``web1``.

    Args:
        name: supervisord's for this process; empty, for one that supervisord did not start, to leave it as it is.
        program: the words that are shown behind ``python``; by default all that are there.
    """
    if name:
        python, *words = sys.orig_argv
        arguments = program or words
        setproctitle(" ".join([f"{name}:", Path(python).name, *arguments]))
        setthreadtitle(name)  # after setproctitle, which sets it too (prctl(2), PR_SET_NAME: cut to 15 bytes)


def enlarge_output_pipes(fds: Iterable[int] = (1, 2)) -> None:
    """Let stdout and stderr hold 1 MiB that supervisord has not read yet.

    A ``print`` into a full pipe blocks the event loop. supervisord reads nothing while it is stopped, or while the
    disk of its log files hangs. Above 64 MiB for all pipes of a user only root may do it.

    Args:
        fds: the descriptors.
    """
    for fd in fds:
        with contextlib.suppress(OSError):  # not a pipe, or the limit of the machine or of the user is smaller
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE)


def _packages() -> Path:
    """Return the directory of aiohttp, found without its import: "fleet", which imports this module, needs none."""
    found = importlib.util.find_spec("aiohttp")
    assert found is not None  # the kit depends on it
    assert found.origin is not None
    return Path(found.origin).parent


def _require_access(name: str, needed: Iterable[Path]) -> None:
    """Refuse here what would fail later with many different errors: a project or a Python in a private home."""
    for path in needed:
        if not os.access(path, os.R_OK | os.X_OK):
            step = "move it to where everybody may read, such as /srv, or run the fleet as its owner"
            raise FleetError(str(path), f"user {name} may not read it", step)
