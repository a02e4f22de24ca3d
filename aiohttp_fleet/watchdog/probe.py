"""One look at all workers: what supervisord says of them, and what they say of themselves."""

import contextlib
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.common.unix_peer import peer, peer_of
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.supervision.control_client import read_answer, send_query
from aiohttp_fleet.supervision.health import Health
from aiohttp_fleet.watchdog.snapshot import FleetSnapshot, WorkerSnapshot

AWAKE = 1.0
"""Seconds that one look adds to a silence at most: a watchdog that was itself stopped has not seen anybody hang."""


@dataclass
class _Asked:
    connection: UnixConnection
    socket: str
    pid: int
    silent: float = 0.0
    counted: float = field(default_factory=time.monotonic)
    serves: bool = False

    def listen(self, now: float) -> None:
        """Note that there has been no answer up to now."""
        self.silent += min(now - self.counted, AWAKE)
        self.counted = now
        self.serves = self.serves or _serves(self)


class Prober:
    """Asks again and again, with one question at a time to each worker: a slow answer is waited for, not repeated."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    def look(self, fleet: Fleet, infos: Mapping[str, dict[str, Any]], seconds: float) -> FleetSnapshot:
        """Return what is seen of each worker and the standby.

        Args:
            fleet: whom to ask.
            infos: what supervisord knows of each process, by namespec.
            seconds: how long to wait for answers; less when all are there. What comes later is seen in the next look.
        """
        self._ask(fleet, {name: int(info["pid"]) for name, info in infos.items()})
        answers = self._answers(time.monotonic() + seconds)
        now = time.monotonic()
        for asked in self._asked.values():
            asked.listen(now)
        sights = [self._sight(worker, infos.get(worker.namespec), answers) for worker in fleet.served]
        count = len(fleet.workers)
        return FleetSnapshot(now, tuple(sights[:count]), sights[count] if fleet.standby else None)

    def close(self) -> None:
        """Wait for no answer any more."""
        for control in list(self._asked):
            self._drop(control)

    def _ask(self, fleet: Fleet, pids: Mapping[str, int]) -> None:
        known = {worker.control: pids.get(worker.namespec, 0) for worker in fleet.served}
        for control, asked in list(self._asked.items()):
            if known.get(control) != asked.pid:  # it was asked of a worker that has been followed by another
                self._drop(control)
        for worker in fleet.served:
            if known[worker.control] and worker.control not in self._asked:
                with contextlib.suppress(FleetError):  # nobody is there yet
                    self._ask_one(worker, known[worker.control])

    def _ask_one(self, worker: Worker, pid: int) -> None:
        connection = send_query(worker.control)
        if peer_of(connection.sock).pid == pid:
            self._asked[worker.control] = _Asked(connection, worker.socket, pid)
        else:
            connection.close()

    def _answers(self, deadline: float) -> dict[str, Health]:
        """Wait for those who have not answered."""
        answers: dict[str, Health] = {}
        waiting = select.poll()
        controls = {asked.connection.sock.fileno(): control for control, asked in self._asked.items()}
        for fd in controls:
            waiting.register(fd, select.POLLIN)
        while controls and (left := deadline - time.monotonic()) > 0:
            for fd, _ in waiting.poll(left * 1000):
                control = controls.pop(fd)
                waiting.unregister(fd)
                with contextlib.suppress(FleetError):  # it ended before it answered
                    answers[control] = read_answer(control, self._asked[control].connection)
                self._drop(control)
        return answers

    def _drop(self, control: str) -> None:
        self._asked.pop(control).connection.close()

    def _sight(self, worker: Worker, info: dict[str, Any] | None, answers: Mapping[str, Health]) -> WorkerSnapshot:
        if info is None:
            return WorkerSnapshot(worker, "UNKNOWN", reason="supervisord does not know it")
        asked = self._asked.get(worker.control)
        return WorkerSnapshot(
            worker,
            state=str(info["statename"]),
            pid=int(info["pid"]),
            started=int(info["start"]),
            reason=str(info["spawnerr"] or info["description"]),
            health=answers.get(worker.control),
            silent=asked.silent if asked else 0.0,
            serves=asked is not None and asked.serves,
            stopped=asked is not None and _is_stopped(asked.pid),
        )


def _serves(asked: _Asked) -> bool:
    try:
        return peer(asked.socket).pid == asked.pid
    except BlockingIOError:  # its backlog is full
        return True
    except OSError:
        return False


def _is_stopped(pid: int) -> bool:
    """Whether it has got SIGSTOP (proc(5), /proc/pid/stat, field 3)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False
