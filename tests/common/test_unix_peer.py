"""Tests of aiohttp_fleet/common/unix_peer.py."""

import os
import socket
from pathlib import Path

import pytest

from aiohttp_fleet.common.unix_peer import peer


def test_the_process_that_listens_is_known_without_a_request(place: Path) -> None:
    """The kernel names the pid of the listener, its parent and the name it bound, even after a rename."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place / "bound"))
        server.listen()
        (place / "bound").rename(place / "served")
        found = peer(str(place / "served"))
    assert (found.pid, found.bound, found.parent) == (os.getpid(), str(place / "bound"), os.getppid())


def test_a_dead_socket_is_refused(place: Path) -> None:
    """A socket file that its process left behind differs from a served one."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place / "dead"))
    with pytest.raises(ConnectionRefusedError):
        peer(str(place / "dead"))


def test_a_missing_path_is_not_found(place: Path) -> None:
    """No file, no peer."""
    with pytest.raises(FileNotFoundError):
        peer(str(place / "missing"))
