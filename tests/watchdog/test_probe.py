"""Tests of aiohttp_fleet/watchdog/probe.py: this process plays the worker, on real sockets."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.watchdog.probe import AWAKE, Prober
from aiohttp_fleet.watchdog.state import WorkerSnapshot
from tests.watchdog.seen import health, worker


class Scene:
    """One worker, web1, and any client that looks at it.

    Args:
        place: where its sockets are.
    """

    def __init__(self, place: Path, stack: ExitStack) -> None:
        self.worker = worker("web1", place)
        self.fleet = Fleet("aiohttp", (self.worker,), None, None, None, 0, "", place, place)
        self.prober = Prober()
        self._stack = stack
        stack.callback(self.prober.close)

    def listen(self, path: str) -> socket.socket:
        """Listen on one of its sockets."""
        sock = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        sock.bind(path)
        sock.listen()
        return sock

    def look(self, pid: int = os.getpid(), seconds: float = 0.05) -> WorkerSnapshot:
        """Look at it once; supervisord says that it has this pid."""
        info: dict[str, Any] = {"statename": "RUNNING", "pid": pid, "start": 1, "spawnerr": "", "description": "up"}
        return self.prober.probe(self.fleet, {"aiohttp:web1": info}, seconds).workers[0]


@pytest.fixture
def scene(place: Path) -> Iterator[Scene]:
    """Set the scene."""
    with ExitStack() as stack:
        yield Scene(place, stack)


def _answer(control: socket.socket) -> None:
    body = json.dumps(asdict(health())).encode()
    client, _ = control.accept()
    with client:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_a_late_answer_is_waited_for_and_no_one_is_queries_twice(scene: Scene) -> None:
    """Slow is not hung: the silence grows from look to look, and ends with the answer."""
    control = scene.listen(scene.worker.control)
    silences = [scene.look().silent for _ in range(3)]
    assert 0 < silences[0] < silences[1] < silences[2]
    _answer(control)
    seen = scene.look(seconds=5)
    assert (seen.health, seen.silent) == (health(), 0)
    control.setblocking(False)
    with pytest.raises(BlockingIOError):
        control.accept()


def test_a_snapshot_ends_with_the_last_answer(scene: Scene) -> None:
    """Not with the time it was given, which here is longer than this test may take."""
    control = scene.listen(scene.worker.control)
    scene.look(seconds=0)
    _answer(control)
    assert scene.look(seconds=600).health == health()


def test_time_that_the_watchdog_itself_was_stopped_is_not_silence(scene: Scene) -> None:
    """Each snapshot adds a second at most."""
    scene.listen(scene.worker.control)
    scene.look()
    scene.prober._queries[scene.worker.control].counted -= 3600
    assert AWAKE < scene.look().silent < AWAKE + 1


def test_whether_a_silent_worker_serves_is_seen_by_its_socket(scene: Scene) -> None:
    """A worker that has no socket yet is starting."""
    scene.listen(scene.worker.control)
    assert not scene.look().serves
    scene.listen(scene.worker.socket)
    assert scene.look().serves


def test_no_one_else_is_taken_for_the_worker(scene: Scene) -> None:
    """An orphan of the last supervisord listens there: it is not the pid that supervisord knows."""
    control = scene.listen(scene.worker.control)
    seen = scene.look(pid=1)
    assert (seen.health, seen.silent) == (None, 0)
    scene.look()
    assert scene.look(pid=1).silent == 0
    control.close()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_control_socket_where_no_one_listens_is_no_silence(scene: Scene, is_there: bool) -> None:
    """Neither a socket that someone left, nor none at all."""
    if is_there:
        scene.listen(scene.worker.control).close()
    seen = scene.look()
    assert (seen.health, seen.silent) == (None, 0)


def test_a_process_that_supervisord_does_not_know_is_unknown(scene: Scene) -> None:
    """It was added to the file, and not yet to supervisord."""
    assert scene.prober.probe(scene.fleet, {}, 0).workers[0].state == "UNKNOWN"
