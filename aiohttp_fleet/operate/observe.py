"""What every process of the fleet is doing now."""

import socket
import time
from pathlib import Path
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.log_tail import last_lines
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.nginx.directives import listen_address
from aiohttp_fleet.operate.process import Process
from aiohttp_fleet.supervision.control_client import Unresponsive, query_all
from aiohttp_fleet.supervision.health import Health
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

_UP = ("STARTING", "RUNNING", "STOPPING")
CONNECT_TIMEOUT = 2.0
"""Seconds for nginx to accept a connection."""
ANSWER = 1.0
"""Seconds for all control sites to answer."""
POLL = 0.1
"""Seconds between two looks."""
TAIL = 10
"""Lines at the end of a log in which the one that says something is looked for."""


def observe_until(fleet: Fleet, supervisord: Supervisord, seconds: float) -> list[Process]:
    """Look until every process is ready, one has given up, or so many seconds are over; return the last look.

    Raises:
        FleetError: supervisord does not answer, not in all that time.
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
    """Say what is wrong as far as the control site tells; whoever has none is judged by its socket."""
    if isinstance(answer, Unresponsive):
        return "its event loop is blocked, or it is stopped"
    return health.state if health and health.state != "ready" else ""


def _watchdog(namespec: str, info: dict[str, Any] | None) -> Process:
    state = info["statename"] if info else ""
    reason = _down(namespec, info) or ("" if state == "RUNNING" else state.lower())
    return _process("watchdog", namespec, "", info, reason)


def _nginx(fleet: Fleet, namespec: str, info: dict[str, Any] | None) -> Process:
    found = listen_address(read_text(fleet.nginx_conf))
    where = "{}:{}".format(*found) if found else "?"
    reason = _down(namespec, info) or _not_listening(found, info or {})
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
    return _last_words(Path(info["stdout_logfile"])) or str(info["spawnerr"] or info["description"])


def _last_words(log: Path) -> str:
    """Return the last line of a log that says something, empty when there is none."""
    # nginx tries five times to bind a port; the line before this one says which, and why not.
    lines = (line for line in reversed(last_lines(log, TAIL)) if "still could not bind()" not in line)
    return next(lines, "")


def _not_served(worker: Worker, info: dict[str, Any]) -> str:
    try:
        owner = peer(worker.socket)
    except FileNotFoundError:
        return "draining" if info["statename"] == "STOPPING" else "its socket is not there yet"
    except OSError as error:
        return f"its socket does not answer ({error.strerror})"
    return "" if owner.pid == info["pid"] else f"its socket is served by pid {owner.pid}"


def _not_listening(found: tuple[str, int] | None, info: dict[str, Any]) -> str:
    if info["statename"] != "RUNNING":  # another process may have its port, as long as it still tries
        return str(info["statename"]).lower()
    if found is None:
        return "there is no TCP port to be found in its configuration"
    try:
        socket.create_connection(found, CONNECT_TIMEOUT).close()
    except OSError as error:
        return f"it does not accept connections ({error.strerror or error})"
    return ""
