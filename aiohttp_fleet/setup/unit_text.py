"""A project's files in /etc: the unit of systemd and the log rotation."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.templates import filled, plain
from aiohttp_fleet.setup.service import Service

ROOT = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL CAP_SETGID CAP_SETUID"
"""What root needs to become the workers' user, to signal it, and to use files and sockets that belong to it."""
PORT = "CAP_NET_BIND_SERVICE"
MARGIN = 15
"""Seconds that supervisord gets for itself, after all programs have had theirs."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)
"""What systemd, logrotate and a shell accept without quotes."""


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


def require_name(name: str) -> None:
    """Make sure that a service can have this name.

    Raises:
        FleetError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise FleetError(repr(name), "a service cannot have this name", "choose letters and digits with --name")


def unit_values(service: Service) -> Mapping[str, str]:
    """Return the values of ``aiohttp.service``, by key.

    Raises:
        FleetError: a path would need quotes.
    """
    root = service.user == "root"
    capabilities = " ".join([ROOT] * root + [PORT] * service.privileged)
    return {
        "NAME": service.name,
        "ROOT": plain(service.root),
        "BIN": plain(service.bin),
        "CONF": plain(service.conf),
        "STOP": str(service.stop),
        "MARGIN": str(MARGIN),
        "TIMEOUT": str(service.stop + MARGIN),
        "USER": service.user,
        "GROUP": service.group,
        "CAPABILITIES": capabilities,
        "AMBIENT": "" if root else capabilities,
        "WRITABLE": _paths(service.writable),
        "PRIVATE_TMP": "yes" if service.private_tmp else "no",
        "RUNTIME": _paths(service.runtime),
        "RUNTIME_MODE": "1777" if root else "0755",  # root's workers are another user: as in /tmp, each its own files
        "PROTECT_HOME": "read-only" if service.in_home else "yes",
        "SYSTEM_CALLS": "@chown @setuid" if root else "@chown",
    }


def logrotate_values(service: Service, access_log: Path) -> Mapping[str, str]:
    """Return the values of ``aiohttp.logrotate``, by key.

    Raises:
        FleetError: a path would need quotes.
    """
    return {
        "NAME": service.name,
        "USER": service.user,
        "GROUP": service.group,
        "ACCESS_LOG": plain(access_log),
        "NGINX_PID": plain(service.nginx_pid),
    }


def _paths(paths: Iterable[Path]) -> str:
    return " ".join(map(plain, paths))
