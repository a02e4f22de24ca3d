"""Who nginx's workers are, under root."""

import contextlib
import grp
import os
import pwd
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.directives import directive


def user_directive(name: str) -> str:
    """Return the directive that makes them ``name``, with that user's own group.

    nginx would take a group of the user's name, which Debian's nobody has not.
    https://nginx.org/en/docs/ngx_core_module.html#user

    Raises:
        FleetError: there is no such user.
    """
    try:
        return f"user {name} {grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name};"
    except KeyError:
        raise FleetError(f"--user {name}", "there is no such user, or its group has no name", "see useradd") from None


def keeping(conf: Path, text: str) -> str | None:
    """Return the directive with which root's nginx leaves the directories that it spools to with who has them.

    nginx gives them to its workers' user whenever it reads its file, for ``nginx -t`` too. None where there is nothing
    to be kept, or the file itself says who they are.

    Args:
        conf: nginx.conf.
        text: what is in it.
    """
    if os.geteuid() != 0 or directive("user", text) is not None:
        return None
    spool = conf.parent / (directive("client_body_temp_path", text) or "client_body_temp").split()[0]
    uid = next(path for path in (spool, *spool.parents) if path.exists()).stat().st_uid
    with contextlib.suppress(KeyError):  # a container's user without a name
        return user_directive(pwd.getpwuid(uid).pw_name) if uid else None
    return None
