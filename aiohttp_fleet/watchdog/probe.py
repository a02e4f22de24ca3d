"""Snapshots of all workers: what supervisord knows of them, and what their control sockets answer."""

import contextlib
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import is_stopped
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.common.unix_peer import peer, peer_of
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.supervision.control_client import Health, read_answer, send_query
from aiohttp_fleet.watchdog.state import FleetSnapshot, WorkerSnapshot

AWAKE = 1.0
"""Seconds that one snapshot adds to a silence at most: while the watchdog itself was stopped it has seen nothing."""


@dataclass
class _Query:
    connection: UnixConnection
    socket: str
    pid: int
    silent: float = 0.0
    counted: float = field(default_factory=time.monotonic)
    serves: bool = False

    def count(self, now: float) -> None:
        """Count the time without an answer up to now."""
        self.silent += min(now - self.counted, AWAKE)
        self.counted = now
        self.serves = self.serves or _serves(self)


class Prober:
    """Sends each worker one query at a time: a slow answer is waited for, the query is not repeated."""

    def __init__(self) -> None:
        self._queries: dict[str, _Query] = {}

    def probe(self, fleet: Fleet, infos: Mapping[str, dict[str, Any]], seconds: float) -> FleetSnapshot:
        """Return a snapshot of the workers and the standby.

        Args:
            fleet: the fleet.
            infos: what supervisord knows of each process, by namespec.
            seconds: how long to wait for answers; less when all are there. A later answer is in the next snapshot.
        """
        self._query(fleet, {name: int(info["pid"]) for name, info in infos.items()})
        answers = self._answers(time.monotonic() + seconds)
        now = time.monotonic()
        for query in self._queries.values():
            query.count(now)
        snapshots = [self._snapshot(worker, infos.get(worker.namespec), answers) for worker in fleet.served]
        count = len(fleet.workers)
        return FleetSnapshot(now, tuple(snapshots[:count]), snapshots[count] if fleet.standby else None)

    def close(self) -> None:
        """Drop all queries."""
        for control in list(self._queries):
            self._drop(control)

    def _query(self, fleet: Fleet, pids: Mapping[str, int]) -> None:
        known = {worker.control: pids.get(worker.namespec, 0) for worker in fleet.served}
        for control, query in list(self._queries.items()):
            if known.get(control) != query.pid:  # another process is there now
                self._drop(control)
        for worker in fleet.served:
            pid = known[worker.control]
            if pid and worker.control not in self._queries:
                with contextlib.suppress(FleetError):  # nothing listens there yet
                    query = _Query(send_query(worker.control), worker.socket, pid)
                    self._queries[worker.control] = query
                    if peer_of(query.connection.sock).pid != pid:  # an orphan
                        self._drop(worker.control)

    def _answers(self, deadline: float) -> dict[str, Health]:
        """Wait for answers, and return those that have come."""
        answers: dict[str, Health] = {}
        waiting = {query.connection.sock: control for control, query in self._queries.items()}
        while waiting and (left := deadline - time.monotonic()) > 0:
            for sock in select.select(list(waiting), [], [], left)[0]:
                control = waiting.pop(sock)
                with contextlib.suppress(FleetError):  # it ended before it answered
                    answers[control] = read_answer(control, self._queries[control].connection)
                self._drop(control)
        return answers

    def _drop(self, control: str) -> None:
        self._queries.pop(control).connection.close()

    def _snapshot(self, worker: Worker, info: dict[str, Any] | None, answers: Mapping[str, Health]) -> WorkerSnapshot:
        if info is None:
            return WorkerSnapshot(worker, "UNKNOWN", reason="supervisord does not know it")
        query = self._queries.get(worker.control)
        return WorkerSnapshot(
            worker,
            state=str(info["statename"]),
            pid=int(info["pid"]),
            started=int(info["start"]),
            reason=str(info["spawnerr"] or info["description"]),
            health=answers.get(worker.control),
            silent=query.silent if query else 0.0,
            serves=query is not None and query.serves,
            stopped=query is not None and is_stopped(query.pid),
        )


def _serves(query: _Query) -> bool:
    try:
        return peer(query.socket).pid == query.pid
    except BlockingIOError:  # its backlog is full
        return True
    except OSError:
        return False
