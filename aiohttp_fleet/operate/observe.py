"""The state of every process of the fleet."""

import socket
import time
from pathlib import Path
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.log_tail import last_lines
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.tcp_ports import listeners, process_name
from aiohttp_fleet.common.unix_peer import Peer
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.operate.process import Process
from aiohttp_fleet.supervision.control_client import BLOCKED, Unresponsive, query_all
from aiohttp_fleet.supervision.health import Health
from aiohttp_fleet.supervision.readiness import why_not_served
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

_UP = ("STARTING", "RUNNING", "STOPPING")
CONNECT_TIMEOUT = 2.0
"""Seconds for nginx to accept a connection."""
ANSWER = 1.0
"""Seconds for all control sockets to answer."""
POLL = 0.1
"""Seconds between two observations."""
TAIL = 10
"""Lines at the end of a log that are searched for a reason."""


def observe_until(fleet: Fleet, supervisord: Supervisord, seconds: float) -> list[Process]:
    """Observe until every process is ready, one is FATAL, or the time is over; return the last observation.

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
            if is_over or all(row.ready for row in rows) or any(row.state == "FATAL" for row in rows):
                return rows
        time.sleep(POLL)


def observe(fleet: Fleet, supervisord: Supervisord) -> list[Process]:
    """Return a row for each worker, the standby, the watchdog and nginx.

    Raises:
        FleetError: supervisord does not answer.
    """
    infos = supervisord.processes()
    up = [worker.control for worker in fleet.served if infos.get(worker.namespec, {}).get("pid")]
    answers = query_all(up, ANSWER)
    rows = [_worker(worker, infos.get(worker.namespec), answers.get(worker.control)) for worker in fleet.served]
    if fleet.watchdog:
        rows.append(_watchdog(fleet.watchdog, infos.get(fleet.watchdog)))
    return [*rows, _nginx(fleet, fleet.nginx, infos.get(fleet.nginx))] if fleet.nginx else rows


def _worker(worker: Worker, info: dict[str, Any] | None, answer: Health | FleetError | None) -> Process:
    pid = info["pid"] if info else 0
    health = answer if isinstance(answer, Health) and answer.pid == pid else None
    reason = _down(worker.namespec, info) or _unwell(health, answer) or _not_served(worker, info or {})
    return _process(worker.name, worker.namespec, worker.socket, info, reason, health)


def _unwell(health: Health | None, answer: Health | FleetError | None) -> str:
    """Say what is wrong according to the control socket; empty where there is none."""
    if isinstance(answer, Unresponsive):
        return BLOCKED
    return health.state if health and health.state != "ready" else ""


def _watchdog(namespec: str, info: dict[str, Any] | None) -> Process:
    state = info["statename"] if info else ""
    reason = _down(namespec, info) or ("" if state == "RUNNING" else state.lower())
    return _process("watchdog", namespec, "", info, reason)


def _nginx(fleet: Fleet, namespec: str, info: dict[str, Any] | None) -> Process:
    found = listen_address(read_text(fleet.nginx_conf))
    where = "{}:{}".format(*found) if found else "?"
    reason = _down(namespec, info) or _not_listening(found, info or {}, fleet.nginx_conf)
    return _process("nginx", namespec, where, info, reason)


def _process(
    name: str, namespec: str, where: str, info: dict[str, Any] | None, reason: str, health: Health | None = None
) -> Process:
    info = info or {"statename": "UNKNOWN", "pid": 0, "now": 0, "start": 0}
    pid = info["pid"] or None
    uptime = info["now"] - info["start"] if pid else None
    return Process(name, namespec, info["statename"], pid, uptime, where, not reason, reason, health)


def _down(namespec: str, info: dict[str, Any] | None) -> str:
    if info is None:
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


def _not_served(worker: Worker, info: dict[str, Any]) -> str:
    reason = why_not_served(worker.socket, info["pid"], wait=True)
    return "draining" if reason and info["statename"] == "STOPPING" else reason


def _not_listening(found: tuple[str, int] | None, info: dict[str, Any], conf: Path) -> str:
    if info["statename"] != "RUNNING":
        return str(info["statename"]).lower()
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
