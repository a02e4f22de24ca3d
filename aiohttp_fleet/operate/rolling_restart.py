"""A roll: worker after worker, until all are done or one fails."""

from collections.abc import Iterator, Sequence

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import process_directory, process_environ
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.operate.observe import observe
from aiohttp_fleet.operate.restart_order import has_spare, restart_order
from aiohttp_fleet.operate.restart_worker import Restarted, restart_worker
from aiohttp_fleet.supervision.preflight import preflight
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord


def plan_restart(fleet: Fleet, supervisord: Supervisord, workers: Sequence[Worker]) -> list[Worker]:
    """Try the new code, and return the workers in the order in which they are to be restarted. Touches nothing.

    Raises:
        FleetError: the code cannot be built, or nobody would serve in the meantime.
    """
    pid = supervisord.pid()
    preflight(workers[0], process_environ(pid), directory=process_directory(pid))
    ready = {row.name for row in observe(fleet, supervisord) if row.ready}
    if not has_spare(fleet, workers, ready):
        step = "start another worker or the standby first, see fleet status"
        raise FleetError(fleet.program, "nobody else is ready to serve during the roll", step)
    return restart_order(workers, ready)


def rolling_restart(
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
