"""The nginx that the system runs: whose it is, and what it sees."""

import grp
import os
import pwd
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.binary import find_nginx
from aiohttp_fleet.nginx.directives import directive


def group() -> str:
    """Return the group of the workers of the nginx that the system runs: who may write to a socket of that group.

    ``user`` in its own nginx.conf, else what it was built with
    (https://nginx.org/en/docs/ngx_core_module.html#user).

    Raises:
        FleetError: there is no such nginx, or the group cannot be told.
    """
    binary = find_nginx()
    conf = Path(binary.built_in("conf-path"))
    try:
        words = (directive("user", conf.read_text(errors="replace")) or "").split()
        user = words[0] if words else binary.built_in("user") or "nobody"
        name = words[1] if len(words) > 1 else "" if words else binary.built_in("group")
        return name or grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except (OSError, KeyError) as error:
        reason = f"who its workers run as cannot be told ({error})"
        raise FleetError(str(conf), reason, "name their group with --group") from None


def master() -> int | None:
    """Return the pid of the running one, None where there is none that one can see.

    Raises:
        FleetError: there is no such nginx.
    """
    binary = find_nginx()
    try:
        text = Path(binary.built_in("conf-path")).read_text(errors="replace")
        pid = int(Path(directive("pid", text) or binary.built_in("pid-path")).read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if words.startswith(b"nginx: master process") else None


def sees(pid: int, directory: Path) -> bool:
    """Whether a process has the same directory at a path as we have; where that cannot be told, it has.

    Under systemd's PrivateTmp= it has a /tmp of its own
    (https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#PrivateTmp=).

    Args:
        pid: the process.
        directory: an absolute path; where it does not exist, the nearest above it counts.
    """
    there = next(path for path in (directory, *directory.parents) if path.exists())
    try:
        return os.path.samestat(there.stat(), Path(f"/proc/{pid}/root{there}").stat())
    except FileNotFoundError:
        return False
    except OSError:
        return True
