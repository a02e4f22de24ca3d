"""Faults by the operator: restarts, rolling restarts, broken deploys, another number of workers."""

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet_drill.private_copy import GOOD, MODULE, PrivateCopy, edit
from aiohttp_fleet_drill.target import Target

BROKEN_IMPORT = "import a_module_that_is_missing\n" + GOOD
_START = (
    "import asyncio\nfrom aiohttp_fleet_drill.app import create_app as build\n"
    "async def begin(app):\n    {}\n"
    "def create_app():\n    app = build()\n    app.on_startup.append(begin)\n    return app\n"
)
FAILING_START = _START.format("raise RuntimeError('no database')")
HANGING_START = _START.format("await asyncio.Event().wait()")
GIVEN_UP = 40.0
"""Seconds until supervisord gives up a worker: three retries, 1 + 2 + 3 s apart, and their starts."""


def calm(target: Target) -> None:
    """Do nothing, for as long as a fault takes: what the load alone costs on this machine."""
    target.until("the time of a fault", target.elapsed(5))


def restart_all(target: Target) -> None:
    """Restart all workers at once."""
    target.ctl("restart", f"{target.program}:*")


def restart_one(target: Target) -> None:
    """Restart one worker."""
    target.ctl("restart", target.described.workers[:2][-1].namespec)


def rolling_restart(target: Target) -> None:
    """Restart one worker after the other."""
    _expect(target, 0, "restart")


def broken_import(target: PrivateCopy) -> None:
    """Deploy code that cannot be imported."""
    _broken(target, BROKEN_IMPORT, "a_module_that_is_missing")


def failing_start(target: PrivateCopy) -> None:
    """Deploy an application whose start-up raises."""
    _broken(target, FAILING_START, "no database")


def hanging_start(target: PrivateCopy) -> None:
    """Deploy an application whose start-up never ends."""
    _broken(target, HANGING_START, "not ready in 3 s")


def scale_up(target: Target) -> None:
    """Run eight workers."""
    _scaled(target, 8)


def scale_down(target: Target) -> None:
    """Run two workers."""
    _scaled(target, 2)


def update(target: PrivateCopy) -> None:
    """Edit numprocs by hand, then supervisorctl update, fleet render and fleet reload."""
    before = target.pids()
    number = len(target.described.workers)
    wanted = 4 if number != 4 else 5
    edit(target.supervisord_conf, {rf"numprocs={number}(\s)": rf"numprocs={wanted}\1"})
    target.ctl("update")
    target.until(f"{wanted} workers", lambda: target.is_ready() and len(target.described.workers) == wanted)
    _expect(target, 0, "render", "--write")
    _expect(target, 0, "reload")
    _same_pids(target, before)


def nginx_reload(target: Target) -> None:
    """Reload nginx, with fleet reload."""
    _expect(target, 0, "reload")


def _broken(target: PrivateCopy, code: str, reason: str) -> None:
    """Deploy broken code: fleet restart refuses it, and after a restart of all the standby serves. Then fix it."""
    module = target.place / MODULE
    module.write_text(code)
    try:
        done = target.fleet("restart", "--timeout", "3")
        if done.returncode != 1 or reason not in done.stderr:
            raise FleetError("fleet restart", f"did not report {reason!r}: {done.stderr}", "see the logs")
        target.ctl("restart", f"{target.program}:*")
        workers = {worker.namespec for worker in target.described.workers}
        target.until(
            "no worker to be ready", lambda: not any(r.ready for r in target.rows() if r.namespec in workers), GIVEN_UP
        )
    finally:
        module.write_text(GOOD)
    target.ctl("restart", f"{target.program}:*")
    target.ctl("start", f"{target.program}:*")


def _scaled(target: Target, number: int) -> None:
    before = target.pids()
    _expect(target, 0, "scale", str(number))
    _same_pids(target, before)


def _same_pids(target: Target, before: dict[str, int]) -> None:
    changed = sorted(name for name, pid in target.pids().items() if before.get(name, pid) != pid)
    if changed:
        raise FleetError(", ".join(changed), "another pid than before", "see the logs")


def _expect(target: Target, code: int, *arguments: str) -> None:
    done = target.fleet(*arguments)
    if done.returncode != code:
        what = f"fleet {' '.join(arguments)}"
        raise FleetError(what, f"ended with {done.returncode}: {done.stdout}{done.stderr}", "see the logs")
