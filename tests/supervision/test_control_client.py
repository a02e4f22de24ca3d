"""Tests of aiohttp_fleet/supervision/control_client.py, on real sockets."""

import json
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision.control_client import Health, Unresponsive, query_all, send_query
from tests.control import query

HEALTH = Health("ready", 42, "web1", "app.main:create_app", "0.1.0", True, 1.0, 0.0, 2, 0, 1, 0, 40_000_000)


def _silent(path: Path, backlog: int = 8) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen(backlog)
    return sock


def test_a_worker_that_does_not_answer_is_unresponsive(place: Path) -> None:
    """A blocked event loop accepts nothing, but the kernel connects."""
    with _silent(place / "web.ctl"), pytest.raises(Unresponsive, match="its event loop is blocked, or it is stopped"):
        query(str(place / "web.ctl"), 0.1)


def test_a_full_backlog_is_unresponsive_too(place: Path) -> None:
    """Queries that timed out are still in it; a connect then fails at once, with EAGAIN."""
    with _silent(place / "web.ctl", 0), closing(send_query(str(place / "web.ctl"))), pytest.raises(Unresponsive):
        query(str(place / "web.ctl"), 0.1)


def test_a_path_where_nothing_listens_is_not_unresponsive(place: Path) -> None:
    """A missing path, and a dead socket, are distinguished from a worker that hangs."""
    _silent(place / "dead.ctl").close()
    for name in ("dead.ctl", "missing.ctl"):
        with pytest.raises(FleetError, match="its control socket does not answer") as error:
            query(str(place / name), 0.1)
        assert not isinstance(error.value, Unresponsive)


OTHER_VERSIONS = [
    (json.dumps({**vars(HEALTH), "metrics": {"p99": 0.2}, "open_files": 12}), HEALTH),
    (json.dumps({"state": "ready", "pid": 42}), Health("ready", 42)),
    (
        json.dumps({"state": "ready", "pid": 42, "memory": None, "version": "0.2.0"}),
        Health("ready", 42, version="0.2.0"),
    ),
]


@pytest.mark.parametrize(("body", "health"), OTHER_VERSIONS)
def test_an_answer_of_another_version_is_read(place: Path, body: str, health: Health) -> None:
    """Unknown fields are ignored; missing or null ones have their defaults."""
    with _silent(place / "web.ctl") as sock:
        _answering(sock, body)
        assert query(str(place / "web.ctl")) == health


@pytest.mark.parametrize("body", ["{", "[]", "{}", "7", '"text"', json.dumps({"state": "ready"})])
def test_an_answer_without_state_or_pid_is_an_error(place: Path, body: str) -> None:
    """Another server has answered."""
    with _silent(place / "web.ctl") as sock:
        _answering(sock, body)
        with pytest.raises(FleetError, match="its control socket does not answer"):
            query(str(place / "web.ctl"))


def test_an_answer_in_a_later_format_is_an_error(place: Path) -> None:
    """Its fields may mean something else; the reason names both formats."""
    with _silent(place / "web.ctl") as sock:
        _answering(sock, json.dumps({**vars(HEALTH), "format": 2}))
        with pytest.raises(FleetError, match="format 2, this kit reads up to 1"):
            query(str(place / "web.ctl"))


def test_all_workers_are_queried_and_each_has_its_own_answer(place: Path) -> None:
    """Those that answer do not wait for those that do not."""
    with _silent(place / "blocked.ctl"), _silent(place / "web.ctl") as sock:
        _answering(sock, json.dumps(vars(HEALTH)))
        paths = [str(place / name) for name in ("blocked.ctl", "missing.ctl", "web.ctl")]
        blocked, missing, answered = map(query_all(paths, 1).get, paths)
    assert isinstance(blocked, Unresponsive)
    assert isinstance(missing, FleetError)
    assert answered == HEALTH


def _answering(sock: socket.socket, body: str) -> None:
    def answer() -> None:
        connection, _ = sock.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    threading.Thread(target=answer, daemon=True).start()
