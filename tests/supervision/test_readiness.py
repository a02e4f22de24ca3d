"""Tests of aiohttp_fleet/supervision/readiness.py: it never waits, and reads at the next step what arrives late."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision.control_client import Unresponsive
from aiohttp_fleet.supervision.readiness import get_status


@pytest.fixture
def server(place: Path) -> Iterator[socket.socket]:
    """A socket that listens, and whose clients the test accepts."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.bind(str(place / "a.sock"))
        sock.listen()
        yield sock


def test_an_answer_in_pieces_is_read_piece_by_piece(server: socket.socket) -> None:
    """Each step returns when a part has arrived, and goes on with the rest in the next."""
    steps = get_status(server.getsockname(), "/health", 60)
    next(steps)
    client, _ = server.accept()
    with client:
        assert client.recv(4096).startswith(b"GET /health HTTP/1.1\r\n")
        for piece in (b"HTTP/1.1 20", b"4 No Con"):
            client.sendall(piece)
            next(steps)
        client.sendall(b"tent\r\n")
        with pytest.raises(StopIteration) as ended:
            next(steps)
    assert ended.value.value == 204


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1\r\n", b"x" * 9000])
def test_what_is_not_http_is_refused(server: socket.socket, answer: bytes) -> None:
    """An early end, another protocol, no status, and no line at all."""
    steps = get_status(server.getsockname(), "/", 60)
    next(steps)
    client, _ = server.accept()
    with client:
        client.sendall(answer)
    with pytest.raises(FleetError, match="the answer is not HTTP|Connection reset"):
        next(steps)


def test_no_answer_before_the_deadline_is_unresponsive(server: socket.socket) -> None:
    """The kernel has connected; no process accepts."""
    with pytest.raises(Unresponsive, match="no answer in 0 s"):
        next(get_status(server.getsockname(), "/", 0))
