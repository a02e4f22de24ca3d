"""A roll: worker after worker, until all are done or one fails."""

from collections.abc import Iterator, Sequence

from aiohttp_fleet.act.observe import observe
from aiohttp_fleet.act.preflight import directory_of, environ_of, preflight
from aiohttp_fleet.act.restart import Restarted, restart_worker
from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.compute.order import order, stand_in
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.fleet import Fleet, Worker


def plan(fleet: Fleet, supervisord: Supervisord, workers: Sequence[Worker]) -> list[Worker]:
    """Try the new code, and return the workers in the order in which they are to be restarted. Touches nothing.

    Raises:
        FleetError: the code cannot be built, or nobody would serve in the meantime.
    """
    pid = supervisord.pid()
    preflight(workers[0], environ_of(pid), directory=directory_of(pid))
    ready = {row.name for row in observe(fleet, supervisord) if row.ready}
    if not stand_in(fleet, workers, ready):
        step = "start another worker or the standby first, see fleet status"
        raise FleetError(fleet.program, "nobody else is ready to serve during the roll", step)
    return order(workers, ready)


def roll(
    supervisord: Supervisord, workers: Sequence[Worker], timeout: float, check: str | None
) -> Iterator[Worker | Restarted]:
    """Restart the workers one at a time; yield each as its turn begins, and what became of it.

    Ends with the first that fails; the others are not touched.
    """
    for worker in workers:
        yield worker
        done = restart_worker(supervisord, worker, timeout, check)
        yield done
        if not done.ok:
            return
