"""The open files of a template: a fork shares their positions and locks, and the memory that is mapped for all."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterable
from pathlib import Path

FIRST = 3
"""The descriptor after stderr."""


def descriptors() -> dict[int, str]:
    """Return what each descriptor of this process refers to."""
    found = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208, names are enough
        with contextlib.suppress(OSError):  # that of the directory itself
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
    return found


def is_locked(fd: int) -> bool:
    """Whether this process has locked it: forks have a lock of flock(2) in common, and none of fcntl(2)."""
    return "lock:" in Path(f"/proc/self/fdinfo/{fd}").read_text()


def is_database(fd: int) -> bool:
    """Whether it is a file that is read and written, as SQLite's: https://sqlite.org/howtocorrupt.html (2.6)."""
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    return _is_file(fd) and flags & os.O_ACCMODE == os.O_RDWR and not flags & os.O_APPEND


def shared_memory() -> set[str]:
    """Return the addresses of the memory that forks have together, and no other process (proc_pid_maps(5)).

    A lock or a value of multiprocessing, mmap.mmap(-1, size). libffi keeps callbacks in such memory where the system
    forbids another kind (SELinux); one worker's would replace another's. A file with a name is one that executed
    workers have in common too.
    """
    words = (line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text(errors="replace").splitlines())
    return {each[0] for each in words if each[1].startswith("rw") and each[1].endswith("s") and "(deleted)" in each[-1]}


def read_files() -> list[int]:
    """Return the descriptors of the files that are read only."""
    return [fd for fd in descriptors() if fd >= FIRST and _is_read(fd)]


def reopen(fds: Iterable[int]) -> None:
    """Give this process positions of its own in files, those that they have now.

    Two workers that read one file, such as an archive, would move each other's otherwise.

    Args:
        fds: of `read_files`.
    """
    for fd in fds:
        with contextlib.suppress(OSError):  # it may no longer be opened
            own = os.open(f"/proc/self/fd/{fd}", fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_CLOEXEC)
            os.lseek(own, os.lseek(fd, 0, os.SEEK_CUR), os.SEEK_SET)
            os.dup2(own, fd, os.get_inheritable(fd))
            os.close(own)


def _is_file(fd: int) -> bool:
    return stat.S_ISREG(os.fstat(fd).st_mode)


def _is_read(fd: int) -> bool:
    with contextlib.suppress(OSError):  # that of the directory which is being read
        return _is_file(fd) and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    return False
