"""A project's files in /etc: what they should be, and what would keep the service from starting."""

import os
import pwd
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from aiohttp_fleet.common.findings import Finding, Level
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.setup.service import Service
from aiohttp_fleet.setup.templates import filled
from aiohttp_fleet.setup.unit_text import logrotate_values, require_name, unit_values


def planned_files(service: Service, root: Path) -> Mapping[Path, str]:
    """Return the text of each file.

    Args:
        service: the project as a service.
        root: the directory that contains ``etc``.

    Raises:
        FleetError: a name or a path that would need quotes in them.
    """
    require_name(service.name)
    etc = root.absolute() / "etc"
    texts = {etc / "systemd" / "system" / f"{service.name}.service": filled("aiohttp.service", unit_values(service))}
    if service.access_log:
        values = logrotate_values(service, service.access_log)
        texts[etc / "logrotate.d" / service.name] = filled("aiohttp.logrotate", values)
    return texts


def check_boot(service: Service, paths: Iterable[Path]) -> Iterator[Finding]:
    """Yield what would keep this user from writing the files, or the service from starting."""
    for path in paths:
        directory = next(parent for parent in path.parents if parent.exists())
        if not os.access(directory, os.W_OK):
            yield Finding(Level.FAIL, str(path), "only root may write it", "retry with sudo")
    run = service.conf.parent / "run"
    if service.user == "root" or not run.is_dir():
        return
    uid = pwd.getpwnam(service.user).pw_uid
    if foreign := [path for path in (run, *run.iterdir()) if path.lstat().st_uid != uid]:
        reason = f"{len(foreign)} of its files are not {service.user}'s, who runs the service, such as {foreign[0]}"
        yield Finding(Level.FAIL, str(run), reason, f"stop the fleet, then chown -R {service.user}: {run}")


def foreign_supervisord(fleet: Fleet, name: str) -> int | None:
    """Return the pid of a supervisord that runs this project outside of the service, None if there is none."""
    try:
        pid = peer(fleet.control_socket).pid
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return None
    return None if f"/{name}.service" in groups else pid
