"""The file of a unix socket: claimed, bound under a temporary name, published by rename, withdrawn.

A path that exists is a worker that is ready. ``create_unix_server(path=...)`` cannot promise that: it unlinks
a socket that another process still serves (python/cpython#121252), sets no mode or owner, and what it leaves
behind depends on the version of Python (python/cpython#111246).
"""

import contextlib
import errno
import os
import socket
import stat
from enum import Enum
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_peer import Peer, peer

LONGEST = 107
"""Bytes; ``sun_path`` holds 108 with the final zero (unix(7))."""


class Holder(Enum):
    """Who has the path."""

    OURS = "ours"
    NOBODY = "nobody"
    ANOTHER = "another"


def claim(path: str) -> None:
    """Make sure that this process may take ``path``; remove a dead socket that stands there.

    Raises:
        FleetError: the path is too long, is no socket, or a worker serves it that its supervisord still owns.
    """
    _check_length(path)
    try:
        found = Path(path).lstat()
    except OSError:  # nothing there, or no way to it: check_directory tells
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FleetError(path, "it exists and is not a socket", "move it away or choose another --path")
    _claim_socket(path)


def check_directory(path: str) -> None:
    """Make sure that this user can create a socket at ``path``.

    Raises:
        FleetError: the directory is missing, not writable or out of reach.
    """
    directory = Path(path).parent
    try:
        found = directory.is_dir()
    except PermissionError:
        reason = f"uid {os.geteuid()} may not enter a directory above it"
        raise FleetError(str(directory), reason, "open that one, or choose another --path") from None
    if not found:
        raise FleetError(str(directory), "there is no such directory for the socket", f"mkdir -p {directory}")
    if not os.access(directory, os.W_OK | os.X_OK):
        reason = f"uid {os.geteuid()} may not create a socket there"
        raise FleetError(str(directory), reason, "change its owner or choose another --path")


def _claim_socket(path: str) -> None:
    try:
        owner = peer(path)
    except ConnectionRefusedError:
        _remove_dead(path)
        return
    except FileNotFoundError:  # withdrawn while we looked
        return
    except PermissionError:
        reason = "a socket that another user serves stands there"
        raise FleetError(path, reason, "stop that user's fleet, or choose another --path") from None
    except OSError as error:
        raise FleetError(path, f"cannot ask who serves it ({error.strerror})", "see ls -l and ss -xlp") from None
    if not is_orphan(path, owner):
        who = f"pid {owner.pid}" if owner.pid else "a process in another container"
        step = "stop that process or fleet first, or choose another --path"
        raise FleetError(path, f"it is served by {who}, whose parent is alive", step)


def _remove_dead(path: str) -> None:
    try:
        Path(path).unlink(missing_ok=True)
    except PermissionError:
        raise FleetError(path, "a dead socket of another user stands there", f"sudo rm {path}") from None


def is_orphan(path: str, owner: Peer) -> bool:
    """Whether a worker's supervisord is gone.

    A worker binds under a name that carries the pid of its parent at birth, and the kernel tells that name to
    whoever connects. An orphan's parent now is init or a subreaper, not the one at birth.
    """
    birth = owner.bound.removesuffix(f".{owner.pid}").rpartition(".")[2]
    return _is_temporary(path, owner) and birth != str(owner.parent)


def _is_temporary(path: str, owner: Peer) -> bool:
    return Path(owner.bound).parent == Path(path).parent and owner.bound.endswith(f".{owner.pid}")


def _check_length(path: str) -> None:
    if (length := len(os.fsencode(path))) > LONGEST:
        raise FleetError(path, f"a socket path of {length} bytes, {LONGEST} are possible", "choose a shorter --path")
    if len(os.fsencode(_temporary(path, os.getppid()))) > LONGEST:
        reason = "so long that no temporary name beside the socket fits"
        raise FleetError(str(Path(path).parent), reason, "choose a shorter directory in --path")


def _temporary(path: str, parent: int) -> str:
    """A name beside ``path`` that tells the pids of this process and its parent, within the length limit."""
    suffix = f".{parent}.{os.getpid()}"
    name = Path(path).name
    while name and len(os.fsencode(path)) + len(suffix) > LONGEST:
        path, name = path[:-1], name[:-1]
    return path + suffix


class SocketPath:
    """One path and the socket file behind it.

    Args:
        path: where clients find it.
        mode: permission bits.
        gid: group, None to leave it.
    """

    def __init__(self, path: str, mode: int, gid: int | None) -> None:
        self.path = path
        self._mode = mode
        self._gid = gid
        self._inode: tuple[int, int] | None = None
        self._bound = _temporary(path, os.getppid())  # now: an orphan that binds again keeps the parent of its birth

    def bind(self, backlog: int) -> socket.socket:
        """Return a socket that listens under a temporary name, with its mode and group already set.

        Raises:
            FleetError: the directory is missing or not writable, or the group cannot be set.
        """
        sock = None
        try:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            Path(self._bound).unlink(missing_ok=True)  # of a process with our pid that died right here
            sock.bind(self._bound)
            Path(self._bound).chmod(self._mode)
            if self._gid is not None:
                os.chown(self._bound, -1, self._gid)
            sock.listen(backlog)
            sock.setblocking(False)
        except OSError as error:
            if sock:
                sock.close()
            self.forget()
            raise self._explain(error) from None
        return sock

    def publish(self) -> None:
        """Put the socket at its path, in one step that no client can fall into (rename(2)).

        Raises:
            FleetError: it is somebody else's now, see `claim`, or belongs to another user.
        """
        try:
            self._inode = _identity(self._bound)
            claim(self.path)  # again: the application's start-up may have taken long
            Path(self._bound).rename(self.path)
        except FleetError:
            self.forget()
            raise
        except OSError as error:
            self.forget()
            raise self._explain(error) from None

    def forget(self) -> None:
        """Remove the temporary name, where it still is."""
        with contextlib.suppress(OSError):
            Path(self._bound).unlink()

    def holder(self) -> Holder:
        """Say whose socket is at the path now."""
        try:
            found = _identity(self.path)
        except OSError:
            return Holder.NOBODY
        return Holder.OURS if found == self._inode else Holder.ANOTHER

    def withdraw(self) -> None:
        """Remove the path if it is still ours; whoever has connected stays connected."""
        if self.holder() is Holder.OURS:
            with contextlib.suppress(OSError):
                Path(self.path).unlink()

    def _explain(self, error: OSError) -> FleetError:
        check_directory(self.path)
        if error.errno == errno.EPERM:
            reason = "the group may not be given, or a file of another user stands there"
            return FleetError(self.path, reason, f"see --group and ls -l {self.path}")
        return FleetError(self.path, f"cannot listen there ({error.strerror or error})", "choose another --path")


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).lstat()
    return found.st_dev, found.st_ino
