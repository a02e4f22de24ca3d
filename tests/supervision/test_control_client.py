"""Tests of aiohttp_fleet/supervision/control_client.py, on sockets that nobody or a silent process serves."""

import json
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision.control_client import Unresponsive, query, query_all, send_query
from aiohttp_fleet.supervision.health import Health

HEALTH = Health("ready", 42, "web1", "app.main:create_app", "0.1.0", True, 1.0, 0.0, 2, 0, 1, 0, 40_000_000)


def _silent(path: Path, backlog: int = 8) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen(backlog)
    return sock


def test_who_takes_the_question_and_does_not_answer_is_silent(place: Path) -> None:
    """A blocked event loop accepts nothing, but the kernel connects."""
    with _silent(place / "web.ctl"), pytest.raises(Unresponsive, match="its event loop is blocked, or it is stopped"):
        query(str(place / "web.ctl"), 0.1)


def test_who_has_more_questions_than_it_holds_is_silent_too(place: Path) -> None:
    """Those who gave up are still in its backlog; a connect then fails at once, with EAGAIN."""
    with _silent(place / "web.ctl", 0), closing(send_query(str(place / "web.ctl"))), pytest.raises(Unresponsive):
        query(str(place / "web.ctl"), 0.1)


def test_where_nobody_is_nobody_is_silent(place: Path) -> None:
    """A missing path, and a dead socket, are told apart from a worker that hangs."""
    _silent(place / "dead.ctl").close()
    for name in ("dead.ctl", "missing.ctl"):
        with pytest.raises(FleetError, match="its control site does not answer") as told:
            query(str(place / name), 0.1)
        assert not isinstance(told.value, Unresponsive)


@pytest.mark.parametrize("body", ["{", "[]", "{}", json.dumps({**vars(HEALTH), "more": 1})])
def test_an_answer_in_other_words_is_none(place: Path, body: str) -> None:
    """That of another version, or of another server."""
    with _silent(place / "web.ctl") as sock:
        _answering(sock, body)
        with pytest.raises(FleetError, match="its control site does not answer"):
            query(str(place / "web.ctl"))


def test_all_are_asked_and_each_has_its_own_answer(place: Path) -> None:
    """Those who answer are not held up by those who do not."""
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
