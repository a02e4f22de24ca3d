"""A project as a service: its files in /etc, the unit of systemd and the log rotation."""

import grp
import os
import pwd
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.common.substitution import plain
from aiohttp_fleet.common.tcp_ports import is_privileged
from aiohttp_fleet.common.templates import filled
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.nginx.directives import directive
from aiohttp_fleet.nginx.tls_files import TlsFiles

TEMPORARY = (Path("/tmp"), Path("/var/tmp"))
"""What PrivateTmp= replaces."""
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
"""What ProtectHome= hides."""
RUN = Path("/run")
ROOT = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL CAP_SETGID CAP_SETUID"
"""What root needs to become the workers' user, to signal it, and to use files and sockets that belong to it."""
MARGIN = 15
"""Seconds that supervisord gets for itself, after all programs have had theirs."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*", re.ASCII)
"""What systemd, logrotate and a shell accept without quotes."""


@dataclass(frozen=True)
class Service:
    """A project as a service of systemd.

    Attributes:
        name: its name in systemd.
        root: the project's directory.
        conf: its supervisord.conf.
        bin: the directory of ``supervisord`` and ``fleet``.
        user: the user of supervisord.
        group: that user's primary group.
        stop: seconds that a stop takes at most.
        sockets: the directories of the workers' sockets.
        privileged: whether nginx listens on a port that only root may bind, on this machine.
        in_home: whether the project or its Python is in a home directory.
        access_log: the file that nginx writes, None if it writes none.
        nginx_pid: the file with nginx's pid.
    """

    name: str
    root: Path
    conf: Path
    bin: Path
    user: str
    group: str
    stop: int
    sockets: tuple[Path, ...]
    privileged: bool
    in_home: bool
    access_log: Path | None
    nginx_pid: Path


def service_of(fleet: Fleet, name: str | None, user: str | None) -> Service:
    """Read a fleet's files.

    Args:
        fleet: the fleet.
        name: of the service, None for the name of the project's directory.
        user: the user of the service, None for the owner of supervisord.conf.

    Raises:
        FleetError: there is no such user.
    """
    conf, bin_ = fleet.supervisord_conf, Path(sys.executable).parent
    root = conf.parent.parent if conf.parent.name == "deploy" else conf.parent
    text = read_existing(fleet.nginx_conf) or ""
    who = _user(conf, user)
    pythons = (bin_, Path(sys.executable).resolve())
    return Service(
        name=name or root.name,
        root=root,
        conf=conf,
        bin=bin_,
        user=who.pw_name,
        group=_group(who.pw_gid),
        stop=fleet.stop,
        sockets=tuple(dict.fromkeys(Path(s).parent.resolve() for w in fleet.served for s in w.sockets)),
        privileged=fleet.nginx is not None and any(map(is_privileged, TlsFiles(fleet.nginx_conf.parent).ports(text))),
        in_home=any(_within(path, HOMES) for path in (root, *pythons)),
        access_log=_access_log(fleet, text),
        nginx_pid=fleet.nginx_conf.parent / (directive("pid", text) or "nginx.pid"),
    )


def _within(path: Path, directories: Iterable[Path]) -> bool:
    return any(path.is_relative_to(directory) for directory in directories)


def _user(conf: Path, name: str | None) -> pwd.struct_passwd:
    uid = conf.stat().st_uid
    try:
        return pwd.getpwuid(uid) if name is None else pwd.getpwnam(name)
    except KeyError:
        what = f"--user {name}" if name else f"{conf}, uid {uid}"
        raise FleetError(what, "there is no such user", "useradd --system, or name another with --user") from None


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _access_log(fleet: Fleet, text: str) -> Path | None:
    """Return the first access log of this fleet's nginx, None if it is not a file."""
    value = directive("access_log", text) if fleet.nginx else None
    if value is None or value.startswith(("off", "syslog:")):
        return None
    return Path(os.path.normpath(fleet.nginx_conf.parent / value.split()[0]))


def planned_files(service: Service, root: Path) -> Mapping[Path, str]:
    """Return the text of each file.

    Args:
        service: the project as a service.
        root: the directory that contains ``etc``.

    Raises:
        FleetError: a name or a path that would need quotes in them.
    """
    if not _NAME.fullmatch(service.name):
        raise FleetError(repr(service.name), "a service cannot have this name", "choose letters and digits with --name")
    etc, values = root.absolute() / "etc", _values(service)
    texts = {etc / "systemd" / "system" / f"{service.name}.service": filled("aiohttp.service", values)}
    if service.access_log:
        values |= {"ACCESS_LOG": plain(service.access_log), "NGINX_PID": plain(service.nginx_pid)}
        texts[etc / "logrotate.d" / service.name] = filled("aiohttp.logrotate", values)
    return texts


def _values(service: Service) -> dict[str, str]:
    root = service.user == "root"
    private_tmp = not any(_within(path, TEMPORARY) for path in (service.root, *service.sockets))
    # in /run, which is empty after a boot; relative to it
    runtime = [path.relative_to(RUN) for path in service.sockets if path != RUN and path.is_relative_to(RUN)]
    elsewhere = [path for path in service.sockets if not _within(path, (service.root, RUN, *TEMPORARY))]
    capabilities = " ".join([ROOT] * root + ["CAP_NET_BIND_SERVICE"] * service.privileged)
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
        "WRITABLE": _paths([service.root, *elsewhere, *(() if private_tmp else TEMPORARY)]),
        "PRIVATE_TMP": "yes" if private_tmp else "no",
        "RUNTIME": _paths(runtime),
        "RUNTIME_MODE": "1777" if root else "0755",  # root's workers are another user: as in /tmp, each its own files
        "PROTECT_HOME": "read-only" if service.in_home else "yes",
        "SYSTEM_CALLS": "@chown @setuid" if root else "@chown",
    }


def _paths(paths: Iterable[Path]) -> str:
    return " ".join(map(plain, paths))
