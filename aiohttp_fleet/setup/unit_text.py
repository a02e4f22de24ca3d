"""What a project's service and its log rotation look like: the shipped files, with the project's own put in."""

import re
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.substitution import plain, substitute
from aiohttp_fleet.setup.service import Service

ROOT = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL CAP_SETGID CAP_SETUID"
"""What it takes to become the workers' user, to signal it, and to use files and sockets that are its own."""
PORT = "CAP_NET_BIND_SERVICE"
SUPERVISORD = 15
"""Seconds that supervisord gets for itself, once all others have had theirs."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)
"""What systemd, logrotate and a shell take as it is."""


def require_name(name: str) -> None:
    """Make sure that a service can be called so.

    Raises:
        FleetError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise FleetError(repr(name), "a service cannot be called so", "choose letters and digits with --name")


def service_text(service: Service, template: str) -> str:
    """Return the unit.

    Raises:
        FleetError: a path that cannot be written into it.
    """
    root = service.user == "root"
    capabilities = [ROOT] * root + [PORT] * service.privileged
    settings = {
        "WorkingDirectory": plain(service.root),
        "TimeoutStopSec": str(service.stop + SUPERVISORD),
        "User": service.user,
        "Group": service.group,
        "CapabilityBoundingSet": " ".join(capabilities),
        "AmbientCapabilities": "" if root else " ".join(capabilities),
        "ReadWritePaths": _paths(service.writable),
        "PrivateTmp": _yes(service.private_tmp),
        "ProtectHome": "read-only" if service.homely else "yes",
    }
    changes = {
        r"# RuntimeDirectory=.*": _runtime(service) if service.runtime else f"# RuntimeDirectory={service.name}",
        r"SystemCallFilter=@chown": f"SystemCallFilter=@chown{' @setuid' * root}",
        r"in supervisord\.conf, \d+,": f"in supervisord.conf, {service.stop},",
        r"/srv/aiohttp/\.venv/bin": plain(service.bin),
        r"/srv/aiohttp/deploy/supervisord\.conf": plain(service.conf),
        r"(systemctl \w+|journalctl -u|security|Description=)( ?)aiohttp": rf"\g<1>\g<2>{service.name}",
    }
    changes |= {rf"(?m)^{name}=.*": f"{name}={value}" for name, value in settings.items()}
    return substitute("aiohttp.service", template, changes)


def logrotate_text(service: Service, template: str) -> str:
    """Return the log rotation of the access log.

    Raises:
        FleetError: a path that cannot be written into it.
    """
    assert service.access_log is not None, "there is nothing to rotate"
    changes = {
        r"/srv/aiohttp/deploy/run/access\.log": plain(service.access_log),
        r"/srv/aiohttp/deploy/run/nginx\.pid": plain(service.nginx_pid),
        r"su aiohttp aiohttp": f"su {service.user} {service.group}",
        r"logrotate\.d/aiohttp": f"logrotate.d/{service.name}",
    }
    return substitute("aiohttp.logrotate", template, changes)


def _runtime(service: Service) -> str:
    """As root the workers are somebody else, who has to make sockets there: as in /tmp, each only its own."""
    mode = "\nRuntimeDirectoryMode=1777" if service.user == "root" else ""
    return f"RuntimeDirectory={_paths(service.runtime)}{mode}"


def _paths(paths: tuple[Path, ...]) -> str:
    return " ".join(map(plain, paths))


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
