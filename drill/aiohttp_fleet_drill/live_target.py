"""The running fleet itself as the target of a drill."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision.control_client import Health, query_all
from aiohttp_fleet_drill.target import Target

SILENCE = 2.0
"""Seconds in which a fleet without other clients gets no request."""
STEP = "drill a private copy, without --live, or add --yes"


@contextmanager
def live_target(target: Target, sure: bool) -> Iterator[Target]:
    """Check whether the fleet may be drilled; at the end restore its number of workers.

    Args:
        target: the fleet.
        sure: whether it may be, although it serves other clients.

    Raises:
        FleetError: it may not, or not everything in it is ready.
    """
    conf = str(target.supervisord_conf)
    rows = target.rows()
    if not_ready := [row.name for row in rows if not row.ready] or (not rows and ["supervisord"]):
        raise FleetError(conf, f"not ready: {', '.join(not_ready)}", "see fleet status")
    if not sure and (others := _other_requests(target)):
        raise FleetError(conf, f"it serves other clients: {others} requests in {SILENCE:g} s", STEP)
    number = len(target.described.workers)
    try:
        yield target
    finally:
        if len(target.described.workers) != number:
            target.fleet("scale", str(number))


def _other_requests(target: Target) -> int:
    """Return how many requests the fleet gets without the drill.

    Raises:
        FleetError: a worker has no control socket that reports it.
    """
    before = _requests(target)
    target.until("requests of other clients", target.elapsed(SILENCE))
    return sum(count - before.get(pid, 0) for pid, count in _requests(target).items())


def _requests(target: Target) -> dict[int, int]:
    """Return, for each pid, how many requests it has handled."""
    answers = query_all(worker.control for worker in target.described.served)
    found = {answer.pid: answer.requests for answer in answers.values() if isinstance(answer, Health)}
    if len(found) < len(answers):
        where = str(target.supervisord_conf)
        raise FleetError(where, "not every worker reports its requests (it has no control socket)", STEP)
    return found
