"""Looks as plain data, and the watch over a row of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.supervision.control_client import Health
from aiohttp_fleet.watchdog.arguments import Options, parse
from aiohttp_fleet.watchdog.decide import Memory, decide
from aiohttp_fleet.watchdog.state import Action, FleetSnapshot, WorkerSnapshot


def options(*arguments: str) -> Options:
    """Return the options of a command line."""
    return parse(["supervisord.conf", *arguments])


def health(state: str = "ready", **changes: Any) -> Health:
    """Return what a worker says that is well."""
    well = Health(state, 1, "web1", "app", "1", True, 100.0, 0.0, 1000, 0, 0, 0, 50 * 1024 * 1024)
    return replace(well, **changes)


def worker(name: str, place: Path = Path("/nowhere")) -> Worker:
    """Return a worker whose sockets are in a directory."""
    path = str(place / name)
    namespec = name if name == "standby" else f"aiohttp:{name}"
    return Worker(name, namespec, (path,), f"{path}.ctl", (), (), None, {}, 30.0, 45)


def snapshot(name: str, **changes: Any) -> WorkerSnapshot:
    """Return what is seen of a worker that is well; its pid is 10 times its number."""
    pid = 10 * int(name.removeprefix("web")) if name.startswith("web") else 5
    well = WorkerSnapshot(worker(name), "RUNNING", pid=pid, started=100, health=health())
    return replace(well, **changes)


class Watch:
    """Decides over a row of looks, one each half second.

    Args:
        arguments: the watchdog's options.
        left: what the budget allows.
        is_busy: whether a restart is going on.
    """

    def __init__(self, *arguments: str, left: int = 5, is_busy: bool = False) -> None:
        self.options = options(*arguments)
        self.left = left
        self.is_busy = is_busy
        self.now = 1000.0
        self.memory = Memory()

    def acts(
        self, *changed: WorkerSnapshot, seconds: float = 0.5, standby: WorkerSnapshot | None = None
    ) -> list[Action]:
        """Look once more: web1 to web3 are well but for those given."""
        self.now += seconds
        seen = {name: snapshot(name) for name in ("web1", "web2", "web3")}
        seen |= {each.worker.name: each for each in changed}
        look = FleetSnapshot(self.now, tuple(seen.values()), standby or snapshot("standby"))
        acts, self.memory = decide(look, self.memory, self.options, self.left, self.is_busy)
        return acts

    def actions(
        self, *changed: WorkerSnapshot, seconds: float = 0.5, standby: WorkerSnapshot | None = None
    ) -> list[tuple[str, str, str]]:
        """Look once more; return each act as (verb, event, worker)."""
        acts = self.acts(*changed, seconds=seconds, standby=standby)
        return [(str(act.kind), act.event, act.snapshot.worker.name) for act in acts]
