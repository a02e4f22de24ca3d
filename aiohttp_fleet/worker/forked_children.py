"""Let a process that the application forks have nothing of the worker: no socket, no client, no signal handler.

A pool of multiprocessing forks, up to Python 3.13 by default. A child that kept the listening socket would let clients
connect to a worker that has died, and wait (aio-libs/aiohttp#2023); one that kept the event loop's end of the signals
would drain the worker when it is terminated itself. A process that is executed inherits neither.
"""

import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from typing import Any

from aiohttp_fleet.worker.arguments import Options

HANDLED = (signal.SIGTERM, signal.SIGINT)


def leave_to_worker(options: Options) -> None:
    """Do so in each child from now on.

    Args:
        options: the worker's command line.
    """
    prefixes, port, masks = prefixes_of(options), options.port, threading.local()

    def block() -> None:
        masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)

    def unblock() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.before)

    def leave() -> None:
        try:
            _leave_sockets(prefixes, port)
            _leave_signals()
        finally:
            unblock()  # a signal that came before would have been handled as the worker's

    os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=leave)


def _leave_sockets(prefixes: tuple[str, ...], port: int | None) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in _sockets(prefixes, port):
        os.dup2(nowhere, fd, inheritable=False)  # not closed: another file would get its number
    os.close(nowhere)


def _leave_signals() -> None:
    signal.set_wakeup_fd(-1)
    for signum in HANDLED:
        if callable(signal.getsignal(signum)):
            signal.signal(signum, signal.SIG_DFL)


def _sockets(prefixes: tuple[str, ...], port: int | None) -> Iterator[int]:
    """Yield the descriptors of the worker's listeners and of their clients, which have the same address."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208, in a child as little as possible
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
        except OSError:  # the descriptor of the directory
            continue
        with socket.socket(fileno=os.dup(int(name))) as sock:
            address = sock.getsockname()
        if is_workers(address, prefixes, port):
            yield int(name)


def is_workers(address: Any, prefixes: tuple[str, ...], port: int | None) -> bool:
    """Whether a socket with this address is the worker's own.

    Args:
        address: its own, as ``getsockname()`` returns it.
        prefixes: of `prefixes_of`.
        port: the TCP port that the worker serves, None for none.
    """
    if isinstance(address, str):
        return address.startswith(prefixes)
    return port is not None and address[1:2] == (port,)


def prefixes_of(options: Options) -> tuple[str, ...]:
    """Return the beginnings of the addresses of a worker's unix sockets, see `socket_path`."""
    return tuple(f"{path}." for path in (*options.paths, options.control) if path)
