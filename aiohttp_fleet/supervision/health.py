"""What a worker says of itself on its control site."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Health:
    """One answer of a control site; its JSON has these names.

    Attributes:
        state: ``starting``, ``ready`` or ``draining``.
        pid: process id.
        name: supervisord's process_name, such as ``web1``.
        app: the application, ``MODULE:NAME``.
        version: of the kit.
        forked: whether it was forked from supervisord, not executed.
        uptime: seconds since the worker began to start.
        lag: seconds; the longest that the event loop was late in the last ten seconds.
        requests: requests begun since the start.
        in_flight: connections with a request in flight.
        connections: open connections, idle ones included.
        websockets: open websockets.
        memory: bytes of resident memory, pages that it shares with supervisord included.
    """

    state: str
    pid: int
    name: str
    app: str
    version: str
    forked: bool
    uptime: float
    lag: float
    requests: int
    in_flight: int
    connections: int
    websockets: int
    memory: int
