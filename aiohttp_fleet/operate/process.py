"""A process at one moment."""

from dataclasses import dataclass

from aiohttp_fleet.supervision.health import Health


@dataclass(frozen=True)
class Process:
    """One row of ``fleet status``.

    Attributes:
        name: supervisord's process_name, such as ``web1``.
        namespec: what supervisorctl calls it.
        state: supervisord's state, such as RUNNING; UNKNOWN when it knows no such process.
        pid: process id, None when there is none.
        uptime: seconds since it was started, None when it does not run.
        socket: what it serves: a socket path, or nginx's address.
        ready: whether it serves.
        reason: why it is not ready, empty when it is.
        health: the answer of its control socket; None when there is none.
    """

    name: str
    namespec: str
    state: str
    pid: int | None
    uptime: int | None
    socket: str
    ready: bool
    reason: str
    health: Health | None = None
