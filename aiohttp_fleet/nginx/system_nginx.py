"""The nginx that the system runs: its group, its pid, and whether it has the same directories."""

import grp
import os
import pwd
from pathlib import Path

from aiohttp_fleet.common import processes
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.binary import find_nginx
from aiohttp_fleet.nginx.directives import directive


def group() -> str:
    """Return the group of its workers, which may then write to sockets of that group.

    ``user`` in its own nginx.conf, else what it was built with
    (https://nginx.org/en/docs/ngx_core_module.html#user).

    Raises:
        FleetError: there is no such nginx, or the group cannot be found out.
    """
    binary = find_nginx()
    conf = Path(binary.built_in("conf-path"))
    try:
        built = f"{binary.built_in('user') or 'nobody'} {binary.built_in('group')}"
        user, *groups = (directive("user", conf.read_text(errors="replace")) or built).split()
        return groups[0] if groups else grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except (OSError, KeyError) as error:
        reason = f"the user of its workers cannot be found out ({error})"
        raise FleetError(str(conf), reason, "name their group with --group") from None


def master() -> int | None:
    """Return its pid, None if it does not run, or its pid file cannot be read.

    Raises:
        FleetError: there is no such nginx.
    """
    binary = find_nginx()
    try:
        text = Path(binary.built_in("conf-path")).read_text(errors="replace")
        pid = int(Path(directive("pid", text) or binary.built_in("pid-path")).read_text())
    except (OSError, ValueError):
        return None
    return pid if processes.is_nginx_master(pid) else None


def sees(pid: int, directory: Path) -> bool:
    """Whether a process has the same directory at a path as this process; True if that cannot be found out.

    Under systemd's PrivateTmp= it has a /tmp of its own
    (https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#PrivateTmp=).

    Args:
        pid: the process.
        directory: an absolute path; if it does not exist, the nearest one above it counts.
    """
    there = next(path for path in (directory, *directory.parents) if path.exists())
    try:
        return os.path.samestat(there.stat(), Path(f"/proc/{pid}/root{there}").stat())
    except FileNotFoundError:
        return False
    except OSError:
        return True
