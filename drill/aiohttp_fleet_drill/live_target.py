"""The running fleet itself, for those who want to see it there."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.supervision.control_client import query_all
from aiohttp_fleet.supervision.health import Health
from aiohttp_fleet_drill.target import Target

LOOK = 2.0
"""Seconds in which a fleet without a load has to be silent."""
STEP = "drill a private copy, without --here, or say --yes"


@contextmanager
def live_target(ground: Target, sure: bool) -> Iterator[Target]:
    """Look whether the fleet may be drilled; at the end give it the number of workers again that it had.

    Args:
        ground: the fleet.
        sure: whether it may be, although it serves others.

    Raises:
        FleetError: it may not, or not everything in it is ready.
    """
    conf = str(ground.supervisord_conf)
    if ill := [row.name for row in ground.rows() if not row.ready] or (not ground.rows() and ["supervisord"]):
        raise FleetError(conf, f"not ready: {', '.join(ill)}", "see fleet status")
    if not sure and (others := _others(ground)):
        raise FleetError(conf, f"it serves others: {others} requests in {LOOK:g} s, none of them the drill's", STEP)
    number = len(ground.described.workers)
    try:
        yield ground
    finally:
        if len(ground.described.workers) != number:
            ground.fleet("scale", str(number))


def _others(ground: Target) -> int:
    """Return how many requests the fleet gets by itself.

    Raises:
        FleetError: there is no control site that could tell.
    """
    before = _requests(ground)
    ground.until("the fleet's own requests", ground.elapsed(LOOK))
    return sum(count - before.get(pid, 0) for pid, count in _requests(ground).items())


def _requests(ground: Target) -> dict[int, int]:
    """Return, for each pid, how many requests it has had."""
    answers = query_all(worker.control for worker in ground.described.served)
    found = {answer.pid: answer.requests for answer in answers.values() if isinstance(answer, Health)}
    if len(found) < len(answers):
        where = str(ground.supervisord_conf)
        raise FleetError(where, "not every worker can say whether it serves others (it has no control site)", STEP)
    return found
