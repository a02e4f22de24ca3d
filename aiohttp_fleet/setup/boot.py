"""A project's files outside of it, in /etc: what they would be, and what would be in the way of its start."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.setup.service import Service
from aiohttp_fleet.setup.templates import LOGROTATE, SERVICE, boot_templates
from aiohttp_fleet.setup.unit_text import logrotate_text, require_name, service_text


def planned_files(service: Service, root: Path) -> Mapping[Path, str]:
    """Return the text of each file.

    Args:
        service: what is in them.
        root: below which ``etc`` is.

    Raises:
        FleetError: a name or a path that cannot be written into them.
    """
    require_name(service.name)
    shipped = boot_templates()
    etc = root.absolute() / "etc"
    texts = {etc / "systemd" / "system" / f"{service.name}.service": service_text(service, shipped[SERVICE])}
    if service.access_log:
        texts[etc / "logrotate.d" / service.name] = logrotate_text(service, shipped[LOGROTATE])
    return texts


def require(service: Service, texts: Mapping[Path, str]) -> None:
    """Make sure that the files can be written, and that the service could start.

    Raises:
        FleetError: not as this user, or something in the project belongs to another than the service's.
    """
    for path in texts:
        there = next(parent for parent in path.parents if parent.exists())
        if not os.access(there, os.W_OK):
            raise FleetError(str(path), "only root may write it", "try with sudo")
    if service.user != "root":
        _require_own(service.conf.parent / "run", service.user)


def _require_own(run: Path, user: str) -> None:
    """Make sure that no log or pid file is left of a fleet that somebody else has run."""
    uid = pwd.getpwnam(user).pw_uid
    for path in [run, *run.iterdir()] if run.is_dir() else []:
        if (owner := path.lstat().st_uid) != uid:
            reason = f"it belongs to uid {owner}, and the service runs as {user}"
            raise FleetError(str(path), reason, f"stop the fleet, then chown -R {user}: {run}")


def by_hand(fleet: Fleet, name: str) -> int | None:
    """Return the pid of a supervisord that has the project and is not the service's, None where there is none."""
    try:
        pid = peer(fleet.control_socket).pid
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    return None if f"/{name}.service" in groups else pid
