"""Ask one control socket."""

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision.control_client import Health, query_all


def query(control: str, seconds: float = 2.0) -> Health:
    """Return what a worker reports.

    Raises:
        FleetError: there is no answer, or it cannot be read.
    """
    answer = query_all([control], seconds)[control]
    if isinstance(answer, FleetError):
        raise answer
    return answer
