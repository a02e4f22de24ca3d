"""Tests of aiohttp_fleet/worker/socket_path.py."""

import os
import socket
import stat
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_peer import Peer, peer
from aiohttp_fleet.worker.socket_path import LONGEST, PathState, SocketPath, check_directory, clear, is_orphan


def test_a_socket_has_mode_and_group_before_it_is_published(place: Path) -> None:
    """It listens under a temporary name first, and is renamed in one step."""
    path = SocketPath(str(place / "web.sock"), 0o640, os.getgid())
    with path.bind(16):
        (temporary,) = place.iterdir()
        assert temporary.name == f"web.sock.{os.getppid()}.{os.getpid()}"
        path.publish()
        (found,) = place.iterdir()
        assert found.name == "web.sock"
        assert stat.S_IMODE(found.stat().st_mode) == 0o640
        assert found.stat().st_gid == os.getgid()
        assert path.state() is PathState.OURS


def test_a_path_of_107_bytes_is_served_and_one_of_108_refused(place: Path) -> None:
    """The kernel's limit; the temporary name makes it no shorter."""
    longest = place / ("x" * (LONGEST - len(str(place)) - 1))
    clear(str(longest))
    path = SocketPath(str(longest), 0o600, None)
    with path.bind(1):
        path.publish()
        assert longest.is_socket()
    with pytest.raises(FleetError, match="a socket path of 108 bytes, at most 107 are possible"):
        clear(f"{longest}x")


def test_withdraw_removes_our_path_only(place: Path) -> None:
    """A successor's socket at the same path is left alone."""
    path = SocketPath(str(place / "web.sock"), 0o600, None)
    with path.bind(1), socket.socket(socket.AF_UNIX) as successor:
        path.publish()
        successor.bind(str(place / "successor"))
        (place / "successor").rename(place / "web.sock")
        assert path.state() is PathState.REPLACED
        path.withdraw()
        assert (place / "web.sock").is_socket()
        (place / "web.sock").unlink()
        assert path.state() is PathState.MISSING


def test_a_path_that_another_process_serves_since_the_start_is_refused(place: Path) -> None:
    """The application's start-up may take long, so the path is checked again before the socket is published."""
    path = SocketPath(str(place / "web.sock"), 0o600, None)
    clear(path.path)
    with path.bind(1), socket.socket(socket.AF_UNIX) as other:
        other.bind(path.path)
        other.listen()
        with pytest.raises(FleetError, match=f"it is served by pid {os.getpid()}"):
            path.publish()
    assert [entry.name for entry in place.iterdir()] == ["web.sock"]


def test_a_directory_so_long_that_no_temporary_name_fits_is_named(place: Path) -> None:
    """A short file name in a long directory has 107 bytes as well, and leaves no room for a longer one."""
    directory = place / ("x" * (LONGEST - len(str(place)) - 3))
    with pytest.raises(FleetError, match="xxx: so long that no temporary name in it fits"):
        clear(f"{directory}/s")


def test_a_dead_socket_is_removed(place: Path) -> None:
    """A path exists only while a process serves it."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place / "web.sock"))
    clear(str(place / "web.sock"))
    assert not (place / "web.sock").exists()


def test_what_is_no_socket_is_never_removed(place: Path) -> None:
    """A file, or a link to one."""
    (place / "file").write_text("precious")
    (place / "link").symlink_to(place / "file")
    for name in ("file", "link"):
        with pytest.raises(FleetError, match="it exists and is not a socket"):
            clear(str(place / name))
    assert (place / "link").read_text() == "precious"


def test_a_served_path_is_refused_with_the_pid(place: Path) -> None:
    """The process that serves it goes on."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place / "web.sock"))
        server.listen()
        with pytest.raises(FleetError, match=f"it is served by pid {os.getpid()}"):
            clear(str(place / "web.sock"))
    assert (place / "web.sock").is_socket()


def test_an_orphan_is_recognised_by_its_first_parent() -> None:
    """The bound name has its pid; another parent now means that the first has ended."""
    path, pid, parent = "/tmp/web_1.sock", os.getpid(), os.getppid()
    assert not is_orphan(path, Peer(pid, f"{path}.{parent}.{pid}"))
    assert is_orphan(path, Peer(pid, f"{path}.{parent + 1}.{pid}"))
    assert not is_orphan(path, Peer(pid, path)), "a server of another program is not an orphan"
    assert not is_orphan(path, Peer(0, f"{path}.{parent + 1}.{pid}")), "nor is a process in another container"


def test_a_missing_directory_is_named(place: Path) -> None:
    """The next step is the command that makes it."""
    with pytest.raises(FleetError, match=f"mkdir -p {place}/run"):
        check_directory(str(place / "run" / "web.sock"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_writable_is_named() -> None:
    """/ belongs to root."""
    with pytest.raises(FleetError, match="/: uid .* may not create a socket there"):
        check_directory("/web.sock")


def test_no_temporary_name_is_left_behind_by_a_failed_bind(place: Path) -> None:
    """It is removed when it cannot be published."""
    (place / "web.sock").mkdir()
    path = SocketPath(str(place / "web.sock"), 0o600, None)
    with path.bind(1), pytest.raises(FleetError):
        path.publish()
    assert [entry.name for entry in place.iterdir()] == ["web.sock"]


def test_a_socket_of_a_process_that_has_ended_may_be_replaced(place: Path) -> None:
    """Though something holds it open still, as the kernel does for a moment for one that had an io_uring."""
    path = str(place / "web.sock")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        pid = os.fork()
        if not pid:
            sock.listen()
            os._exit(0)
        os.waitpid(pid, 0)
        assert peer(path).pid == pid
        clear(path)
