"""Whom a roll restarts, and in which order."""

from collections.abc import Collection, Sequence

from aiohttp_fleet.config.fleet import Fleet, Worker


def select_workers(fleet: Fleet, names: Sequence[str]) -> tuple[list[Worker], list[str]]:
    """Return the workers that are named, all for no names, and the names that are nobody's.

    Args:
        fleet: the fleet.
        names: such as ``web2`` or ``aiohttp:web2``.
    """
    known = {name: worker for worker in fleet.workers for name in (worker.name, worker.namespec)}
    unknown = [name for name in names if name not in known]
    wanted = {known[name].name for name in names if name in known}
    return [worker for worker in fleet.workers if not names or worker.name in wanted], unknown


def restart_order(workers: Sequence[Worker], ready: Collection[str]) -> list[Worker]:
    """Return the workers in the order of a roll: first those that do not serve anyway, then by number.

    Args:
        workers: whom to restart.
        ready: names of the workers that are ready.
    """
    return sorted(workers, key=lambda worker: (worker.name in ready, worker.number))


def has_spare(fleet: Fleet, workers: Sequence[Worker], ready: Collection[str]) -> bool:
    """Whether somebody serves while each of the workers is away in its turn: the standby, or two ready workers."""
    if fleet.standby and fleet.standby.name in ready:
        return True
    serving = [worker for worker in fleet.workers if worker.name in ready]
    return len(serving) > 1 or not any(worker in serving for worker in workers)
