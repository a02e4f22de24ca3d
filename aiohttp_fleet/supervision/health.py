"""What a worker reports on its control socket."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from aiohttp_fleet.worker.arguments import FORMAT


@dataclass(frozen=True)
class Health:
    """One answer of a control socket; its JSON has these names.

    Attributes:
        state: ``starting``, ``ready`` or ``draining``.
        pid: process id.
        name: supervisord's process_name, such as ``web1``.
        app: the application, ``MODULE:NAME``.
        version: of the kit.
        forked: whether it was forked from supervisord, not exec'd.
        uptime: seconds since the worker began to start.
        lag: seconds; the longest delay of the event loop in the last ten seconds.
        requests: requests begun since the start.
        in_flight: connections with a request in flight.
        connections: open connections, idle ones included.
        websockets: open websockets.
        memory: bytes of resident memory, pages that it shares with supervisord included.
        format: the format of the answer, `FORMAT`.
    """

    state: str
    pid: int
    name: str = ""
    app: str = ""
    version: str = ""
    forked: bool = False
    uptime: float = 0.0
    lag: float = 0.0
    requests: int = 0
    in_flight: int = 0
    connections: int = 0
    websockets: int = 0
    memory: int = 0
    format: int = FORMAT


def read_health(answer: Mapping[str, Any]) -> Health:
    """Read the answer of a worker of any version; unknown fields are ignored, missing or null ones get defaults.

    Raises:
        TypeError: state or pid is missing, or it is no JSON object.
        ValueError: its format is a later one.
    """
    names = {field.name for field in fields(Health)}
    health = Health(**{name: value for name, value in dict(answer).items() if name in names and value is not None})
    if health.format > FORMAT:
        raise ValueError(f"format {health.format}, this kit reads up to {FORMAT}")
    return health
