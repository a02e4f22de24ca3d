"""What the plugin and a template tell each other, one JSON object in each packet of a unix socket.

The template runs the application's code as an unprivileged user, so what it says is checked where it is read.
"""

import array
import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

LONGEST = 512 * 1024
"""Bytes of a packet."""
SENTENCE = 300
"""Characters of a sentence."""
NAMES = 10_000
"""Modules that a template may name."""

GO = b"g"
"""Tells a worker that supervisord has it."""

WHOLE, LIBRARIES, NOTHING = "application", "libraries", "nothing"
"""What the workers of a template share."""


@dataclass(frozen=True)
class Order:
    """What a template is to import.

    Attributes:
        environ: the variables that each worker has with a value of its own, with those of one.
        libraries: these modules; None for the application.
    """

    environ: dict[str, str]
    libraries: Sequence[str] | None


@dataclass(frozen=True)
class Report:
    """What became of it.

    Attributes:
        shares: `WHOLE` or `LIBRARIES` when workers can be forked; with `NOTHING` the template ends.
        problem: why the application cannot be built, empty when it can or was not tried; or why there is no template.
        found: what workers cannot share, a sentence each, when `shares` is `NOTHING`.
        libraries: the modules outside of the project that they can share nevertheless.
    """

    shares: str
    problem: str = ""
    found: Sequence[str] = ()
    libraries: Sequence[str] = ()


@dataclass(frozen=True)
class ForkRequest:
    """Asks for a worker.

    With it come four descriptors: the worker's stdin, stdout and stderr, and a pipe in which it waits for `GO`; it ends
    without. The plugin takes no descriptor of a template.

    Attributes:
        arguments: of ``python -m aiohttp_fleet.worker``; none to ask only whether a file has changed.
        environ: the variables in which the worker differs from its template.
    """

    arguments: Sequence[str]
    environ: dict[str, str]


@dataclass(frozen=True)
class Forked:
    """The answer.

    Attributes:
        pid: of the worker; 0 when there is none.
        changed: the first file that has changed since the template has read it, where that was asked.
        problem: why there is none, otherwise.
    """

    pid: int
    changed: str = ""
    problem: str = ""


M = TypeVar("M", Order, Report, ForkRequest, Forked)


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends, the plugin's first."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
    return ours, theirs


def send(end: socket.socket, message: Order | Report | ForkRequest | Forked, fds: Sequence[int] = ()) -> None:
    """Send a message, with descriptors.

    Raises:
        OSError: the other end is closed, or the message is too long.
    """
    data = json.dumps(asdict(message)).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    end.sendmsg([data], rights)


def receive(end: socket.socket, kind: type[M]) -> M | None:
    """Wait for a message; None when the other end is closed.

    Raises:
        TimeoutError: of a socket with a timeout.
        BlockingIOError: none is there, of a socket that does not block.
        ValueError: it is not of this kind.
    """
    return _read(end.recv(LONGEST), kind)


def receive_with(end: socket.socket, kind: type[M], number: int) -> tuple[M | None, list[int]]:
    """Wait for a message that comes with so many descriptors; see `receive`."""
    data, fds, *_ = socket.recv_fds(end, LONGEST, number)
    return _read(data, kind), fds


def _read(data: bytes, kind: type[M]) -> M | None:
    try:
        return kind(**json.loads(data)) if data else None
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def checked_report(report: Report) -> Report:
    """Return a report whose texts can be shown.

    Raises:
        ValueError: it is none.
    """
    if not (isinstance(report.libraries, list) and isinstance(report.found, list)):
        raise ValueError("it reports no lists")
    names = tuple(name for name in report.libraries[:NAMES] if isinstance(name, str) and len(name) < SENTENCE)
    found = tuple(map(printable, report.found[:NAMES]))
    return Report(printable(report.shares), printable(report.problem), found, names)


def checked_answer(forked: Forked) -> Forked:
    """Return an answer whose texts can be shown.

    Raises:
        ValueError: it is none.
    """
    if type(forked.pid) is not int:
        raise ValueError("it names no pid")
    return Forked(forked.pid, printable(forked.changed), printable(forked.problem))


def printable(text: object) -> str:
    """Return what can be shown of a text that another user's process has written: a line, not too long."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text)[:SENTENCE])
