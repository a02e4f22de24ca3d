"""What every process of the fleet is doing now."""

import contextlib
import socket
from typing import Any

from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx.conf import address
from aiohttp_fleet.peer import peer
from aiohttp_fleet.read.fleet import Fleet, Worker
from aiohttp_fleet.read.status import Process

_UP = ("STARTING", "RUNNING", "STOPPING")
CONNECT_TIMEOUT = 2.0
"""Seconds for nginx to accept a connection."""


def observe(fleet: Fleet, supervisord: Supervisord) -> list[Process]:
    """Return a row for each worker, the standby and nginx.

    Raises:
        FleetError: supervisord does not answer.
    """
    infos = supervisord.processes()
    workers = [*fleet.workers, *([fleet.standby] if fleet.standby else [])]
    rows = [_worker(worker, infos.get(worker.namespec), supervisord) for worker in workers]
    return [*rows, _nginx(fleet, infos.get(fleet.nginx), supervisord)] if fleet.nginx else rows


def _worker(worker: Worker, info: dict[str, Any] | None, supervisord: Supervisord) -> Process:
    reason = _down(worker.namespec, info, supervisord) or _not_served(worker, info or {})
    return _process(worker.name, worker.namespec, worker.socket, info, reason)


def _nginx(fleet: Fleet, info: dict[str, Any] | None, supervisord: Supervisord) -> Process:
    found = None
    with contextlib.suppress(OSError):
        found = address(fleet.nginx_conf.read_text())
    where = "{}:{}".format(*found) if found else "?"
    namespec = str(fleet.nginx)
    reason = _down(namespec, info, supervisord) or _not_listening(found)
    return _process("nginx", namespec, where, info, reason)


def _process(name: str, namespec: str, where: str, info: dict[str, Any] | None, reason: str) -> Process:
    info = info or {"statename": "UNKNOWN", "pid": 0, "now": 0, "start": 0}
    pid = info["pid"] or None
    uptime = info["now"] - info["start"] if pid else None
    return Process(name, namespec, info["statename"], pid, uptime, where, not reason, reason)


def _down(namespec: str, info: dict[str, Any] | None, supervisord: Supervisord) -> str:
    if info is None:
        return "supervisord does not know it; supervisorctl update"
    if info["statename"] in _UP:
        return ""
    if info["statename"] == "STOPPED":
        return f"stopped ({info['description']}); supervisorctl start {namespec}"
    with contextlib.suppress(FleetError):  # no log yet: supervisord's own words will do
        if line := supervisord.last_line(namespec):
            return line
    return str(info["spawnerr"] or info["description"])


def _not_served(worker: Worker, info: dict[str, Any]) -> str:
    try:
        owner = peer(worker.socket)
    except FileNotFoundError:
        return "draining" if info["statename"] == "STOPPING" else "its socket is not there yet"
    except OSError as error:
        return f"its socket does not answer ({error.strerror})"
    return "" if owner.pid == info["pid"] else f"its socket is served by pid {owner.pid}"


def _not_listening(found: tuple[str, int] | None) -> str:
    if found is None:
        return "there is no TCP port to be found in its configuration"
    try:
        socket.create_connection(found, CONNECT_TIMEOUT).close()
    except OSError as error:
        return f"it does not accept connections ({error.strerror or error})"
    return ""
