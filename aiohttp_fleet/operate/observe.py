"""The state of every process of the fleet."""

import socket
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.log_tail import last_lines
from aiohttp_fleet.common.processes import process_name
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.tcp_ports import listeners
from aiohttp_fleet.common.unix_peer import Peer
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.supervision.control_client import BLOCKED, Health, Unresponsive, query_all
from aiohttp_fleet.supervision.readiness import why_not_served
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

_UNKNOWN = {"statename": "UNKNOWN", "pid": 0, "now": 0, "start": 0}
"""A process that supervisord does not know."""
_UP = ("STARTING", "RUNNING", "STOPPING")
CONNECT_TIMEOUT = 2.0
"""Seconds for nginx to accept a connection."""
ANSWER = 1.0
"""Seconds for all control sockets to answer."""
POLL = 0.1
"""Seconds between two observations."""
TAIL = 10
"""Lines at the end of a log that are searched for a reason."""


@dataclass(frozen=True)
class Process:
    """One row of ``fleet status``.

    Attributes:
        name: supervisord's process_name, such as ``web1``.
        namespec: what supervisorctl calls it.
        state: supervisord's state, such as RUNNING; UNKNOWN when it knows no such process.
        pid: process id, None when there is none.
        uptime: seconds since it was started, None when it does not run.
        socket: what it serves: a socket path, or nginx's address.
        ready: whether it serves.
        reason: why it is not ready, empty when it is.
        health: the answer of its control socket; None when there is none.
    """

    name: str
    namespec: str
    state: str
    pid: int | None
    uptime: int | None
    socket: str
    ready: bool
    reason: str
    health: Health | None = None


def observe_until(fleet: Fleet, supervisord: Supervisord, seconds: float) -> list[Process]:
    """Observe until every process is ready and RUNNING, one is FATAL, or the time is over; return what was seen last.

    Args:
        fleet: the fleet.
        supervisord: it runs the fleet.
        seconds: the time.

    Raises:
        FleetError: supervisord has not answered in all that time.
    """
    deadline = time.monotonic() + seconds
    while True:
        is_over = time.monotonic() >= deadline
        try:
            rows = observe(fleet, supervisord)
        except FleetError:
            if is_over:
                raise
        else:
            is_settled = all(row.ready and row.state == "RUNNING" for row in rows)
            if is_over or is_settled or any(row.state == "FATAL" for row in rows):
                return rows
        time.sleep(POLL)


def observe(fleet: Fleet, supervisord: Supervisord) -> list[Process]:
    """Return a row for each worker, the standby, the watchdog and nginx.

    Raises:
        FleetError: supervisord does not answer.
    """
    infos = defaultdict(lambda: _UNKNOWN, supervisord.processes())
    up = [worker.control for worker in fleet.served if infos[worker.namespec]["pid"]]
    answers = query_all(up, ANSWER)
    rows = [_worker(worker, infos[worker.namespec], answers.get(worker.control)) for worker in fleet.served]
    if fleet.watchdog:
        reason = _not_running(fleet.watchdog, infos[fleet.watchdog])
        rows.append(_process("watchdog", fleet.watchdog, "", infos[fleet.watchdog], reason))
    if fleet.nginx:
        rows.append(_nginx(fleet, fleet.nginx, infos[fleet.nginx]))
    return rows


def _worker(worker: Worker, info: Mapping[str, Any], answer: Health | FleetError | None) -> Process:
    health = answer if isinstance(answer, Health) and answer.pid == info["pid"] else None
    reason = _down(worker.namespec, info) or _unwell(health, answer) or _not_served(worker, info)
    return _process(worker.name, worker.namespec, worker.socket, info, reason, health)


def _unwell(health: Health | None, answer: Health | FleetError | None) -> str:
    """Say what is wrong according to the control socket; empty where there is none."""
    if isinstance(answer, Unresponsive):
        return BLOCKED
    return health.state if health and health.state != "ready" else ""


def _nginx(fleet: Fleet, namespec: str, info: Mapping[str, Any]) -> Process:
    found = listen_address(read_text(fleet.nginx_conf))
    where = "{}:{}".format(*found) if found else "?"
    reason = _not_running(namespec, info) or _not_listening(found, info, fleet.nginx_conf)
    return _process("nginx", namespec, where, info, reason)


def _process(
    name: str, namespec: str, where: str, info: Mapping[str, Any], reason: str, health: Health | None = None
) -> Process:
    pid = info["pid"] or None
    uptime = info["now"] - info["start"] if pid else None
    return Process(name, namespec, info["statename"], pid, uptime, where, not reason, reason, health)


def _not_running(namespec: str, info: Mapping[str, Any]) -> str:
    return _down(namespec, info) or ("" if info["statename"] == "RUNNING" else info["statename"].lower())


def _down(namespec: str, info: Mapping[str, Any]) -> str:
    if info is _UNKNOWN:
        return "supervisord does not know it; supervisorctl update"
    if info["statename"] in _UP:
        return ""
    if info["statename"] == "STOPPED":
        return f"stopped ({info['description']}); supervisorctl start {namespec}"
    return _last_reason(Path(info["stdout_logfile"])) or str(info["spawnerr"] or info["description"])


def _last_reason(log: Path) -> str:
    """Return the last line of a log that has a reason, empty when there is none."""
    # nginx tries five times to bind a port; the line before this one has the port and the error.
    lines = (line for line in reversed(last_lines(log, TAIL)) if "still could not bind()" not in line)
    return next(lines, "")


def _not_served(worker: Worker, info: Mapping[str, Any]) -> str:
    reason = why_not_served(worker.socket, info["pid"], wait=True)
    return "draining" if reason and info["statename"] == "STOPPING" else reason


def _not_listening(found: tuple[str, int] | None, info: Mapping[str, Any], conf: Path) -> str:
    if found is None:
        return "its configuration has no TCP port"
    try:
        socket.create_connection(found, CONNECT_TIMEOUT).close()
    except OSError as error:
        return f"it does not accept connections ({error.strerror or error})"
    own = {int(info["pid"]), running_master(conf)}  # another one when nginx was adopted
    pids = listeners(found[1]) or []  # empty also where they cannot be seen
    if not pids or any(own & {pid, Peer(pid, "").parent} for pid in pids):
        return ""
    return f"its port is taken by {process_name(pids[0])}, pid {pids[0]}"
