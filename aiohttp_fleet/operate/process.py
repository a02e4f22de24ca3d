"""What is known of a process at one moment."""

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
        ready: whether a client would be answered.
        reason: why it is not ready, empty when it is.
        health: what its control site says; None for what has none, or does not answer.
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
