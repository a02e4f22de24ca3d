"""From root to an unprivileged user, before any of the application's code runs."""

import grp
import os
import pwd
from collections.abc import Iterable
from pathlib import Path

import aiohttp

from aiohttp_fleet.common.errors import FleetError


def become(name: str, gid: int | None) -> None:
    """Change to user ``name`` when this process is root; do nothing otherwise.

    HOME, USER and LOGNAME follow, as under systemd's ``User=``: libraries that look into root's home would fail.

    Args:
        name: the user; ``root`` stays root, by the operator's own word.
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
    needed = (Path(os.__file__).parent, Path(aiohttp.__file__).parent, Path.cwd())  # Python, its packages, the project
    groups = os.getgrouplist(name, user.pw_gid)
    os.setgroups(groups if gid is None else [*groups, gid])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=name, LOGNAME=name)
    _require_access(name, needed)


def check_group(gid: int | None) -> None:
    """Make sure that this user may give its sockets to group ``gid``.

    Raises:
        FleetError: it is no member.
    """
    if gid is None or os.geteuid() == 0 or gid in (os.getegid(), *os.getgroups()):
        return
    name = grp.getgrgid(gid).gr_name
    step = f"sudo usermod --append --groups {name} USER, then log in again"
    raise FleetError(f"--group {name}", f"uid {os.geteuid()} is not in it", step)


def _require_access(name: str, needed: Iterable[Path]) -> None:
    """Say now what would fail later in a hundred ways: a project or a Python under somebody's home."""
    for path in needed:
        if not os.access(path, os.R_OK | os.X_OK):
            step = "move it to where everybody may read, such as /srv, or run the fleet as its owner"
            raise FleetError(str(path), f"user {name} may not read it", step)
