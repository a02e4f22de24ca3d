"""One worker restarted: drained, started, waited for. What a roll does to each in turn, and the watchdog to one."""

import http.client
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.log_tail import last_lines
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.common.waiting import POLL, wait_until
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.supervision.control_client import read_answer, send_query
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

KILL = 5.0
"""Seconds beyond stopwaitsecs, in which supervisord kills and reaps."""
ASK = 1.0
"""Seconds for the answer of its control site."""
CHECK = 10.0
"""Seconds for the answer to ``--check``."""
GIVEN_UP = ("BACKOFF", "EXITED", "FATAL", "STOPPED")
TAIL = 20
"""Lines at the end of a worker's log that are shown when it fails."""


@dataclass(frozen=True)
class Restarted:
    """What became of one worker.

    Attributes:
        name: supervisord's process_name, such as ``web1``.
        old_pid: before, 0 when it was down.
        new_pid: after, 0 when it is down.
        drained: seconds from the stop signal to its end.
        started: seconds from its start until it was ready, or had failed.
        ok: whether it is ready.
        reason: why not.
        log: the last lines of its log when it is not.
    """

    name: str
    old_pid: int
    new_pid: int
    drained: float
    started: float
    ok: bool
    reason: str = ""
    log: tuple[str, ...] = ()


def restart_worker(supervisord: Supervisord, worker: Worker, timeout: float, check: str | None = None) -> Restarted:
    """Drain a worker, start it, and wait until it is ready.

    Ctrl-C, SIGTERM and SIGHUP wait until a worker that was told to stop has been started again.

    Args:
        supervisord: through whom.
        worker: which one.
        timeout: seconds that it gets to become ready.
        check: path of a GET through its own socket that must be answered with a status below 400.

    Raises:
        FleetError: supervisord does not answer, or the worker does not end.
    """
    began = time.monotonic()
    with deferred_signals():
        old_pid = stop(supervisord, worker)
        ended = time.monotonic()
        reason = _start(supervisord, worker)
    reason = reason or wait_ready(supervisord, worker, timeout)
    if not reason and check is not None:
        reason = _checked(worker, check)
    info = supervisord.process(worker.namespec)
    log = last_lines(Path(info["stdout_logfile"]), TAIL) if reason else ()
    took = time.monotonic() - ended
    return Restarted(worker.name, old_pid, int(info["pid"]), ended - began, took, not reason, reason, log)


def stop(supervisord: Supervisord, worker: Worker) -> int:
    """Drain a worker, wait for its end, and return the pid it had, 0 when it was down.

    Raises:
        FleetError: it is still there some seconds after supervisord should have killed it.
    """
    pid = int(supervisord.process(worker.namespec)["pid"])
    seconds = worker.stopwaitsecs + KILL
    supervisord.stop(worker.namespec)
    if pid and not wait_until(lambda: supervisord.process(worker.namespec)["pid"] != pid, seconds):
        step = f"see supervisorctl status {worker.namespec}"
        raise FleetError(worker.namespec, f"it has not ended in {seconds:g} s", step)
    return pid


def _start(supervisord: Supervisord, worker: Worker) -> str:
    """Start a worker; return why it could not be."""
    try:
        supervisord.start(worker.namespec)
    except FleetError as error:
        return str(error)
    return ""


def wait_ready(supervisord: Supervisord, worker: Worker, timeout: float) -> str:
    """Wait until a worker is ready; return why it is not, empty when it is.

    It is given up at once when supervisord has given it up, or waits before it tries again.

    Args:
        supervisord: who knows its pid.
        worker: which one.
        timeout: seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        info = supervisord.process(worker.namespec)
        if info["statename"] in GIVEN_UP:
            words = last_lines(Path(info["stdout_logfile"]), 1) or (info["spawnerr"] or info["description"],)
            return f"it has ended ({words[0]})"
        reason = not_ready(worker, int(info["pid"]))
        if not reason:
            return ""
        if time.monotonic() >= deadline:
            return f"not ready in {timeout:g} s: {reason}"
        time.sleep(POLL)


def not_ready(worker: Worker, pid: int) -> str:
    """Say why process ``pid`` is not ready to serve as ``worker``; empty when it is.

    A worker that has no control site is ready when its socket is its own.
    """
    state = _state(worker, pid)
    if state not in ("ready", ""):
        return state
    try:
        owner = peer(worker.socket)
    except OSError as error:
        return f"its socket does not answer ({error.strerror})"
    return "" if owner.pid == pid else f"its socket is served by pid {owner.pid}"


def _state(worker: Worker, pid: int) -> str:
    """Return what ``pid`` says of itself, or why it says nothing; empty when it has no control site."""
    try:
        connection = send_query(worker.control, ASK)
    except FleetError:
        return ""
    with closing(connection):
        try:
            health = read_answer(worker.control, connection)
        except FleetError as error:
            return str(error)
    return health.state if health.pid == pid else ""


def _checked(worker: Worker, path: str) -> str:
    """Ask a worker through its own socket; return what is wrong with the answer."""
    try:
        with closing(UnixConnection(worker.socket, CHECK)) as connection:
            connection.request("GET", path)
            status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"GET {path} was not answered ({error or type(error).__name__})"
    return f"GET {path} was answered with {status}" if status >= 400 else ""
