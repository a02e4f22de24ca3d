"""What an operator does: restarts, rolls, broken deploys, another number of workers."""

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
"""Seconds until supervisord has given up a worker: three retries, 1 + 2 + 3 s apart, and their starts."""


def calm(ground: Target) -> None:
    """Do nothing, for as long as a fault takes: what the load itself costs on this machine."""
    ground.until("nothing", ground.elapsed(5))


def restart_all(ground: Target) -> None:
    """Restart all workers at once."""
    ground.ctl("restart", f"{ground.program}:*")


def restart_one(ground: Target) -> None:
    """Restart one worker."""
    ground.ctl("restart", ground.described.workers[:2][-1].namespec)


def roll(ground: Target) -> None:
    """Restart one worker after the other."""
    _expect(ground, 0, "restart")


def broken_import(ground: PrivateCopy) -> None:
    """Deploy code that cannot be imported."""
    _broken(ground, BROKEN_IMPORT, "a_module_that_is_missing")


def failing_start(ground: PrivateCopy) -> None:
    """Deploy an application whose start-up raises."""
    _broken(ground, FAILING_START, "no database")


def hanging_start(ground: PrivateCopy) -> None:
    """Deploy an application whose start-up never ends."""
    _broken(ground, HANGING_START, "not ready in 3 s")


def scale_up(ground: Target) -> None:
    """Run eight workers."""
    _scaled(ground, 8)


def scale_down(ground: Target) -> None:
    """Run two workers."""
    _scaled(ground, 2)


def update(ground: PrivateCopy) -> None:
    """Edit numprocs by hand, then supervisorctl update, fleet render and fleet reload."""
    before = ground.pids()
    number = len(ground.described.workers)
    wanted = 4 if number != 4 else 5
    edit(ground.supervisord_conf, {rf"numprocs={number}(\s)": rf"numprocs={wanted}\1"})
    ground.ctl("update")
    ground.until(f"{wanted} workers", lambda: ground.is_ready() and len(ground.described.workers) == wanted)
    _expect(ground, 0, "render", "--write")
    _expect(ground, 0, "reload")
    _same_pids(ground, before)


def nginx_reload(ground: Target) -> None:
    """Reload nginx, with fleet reload."""
    _expect(ground, 0, "reload")


def _broken(ground: PrivateCopy, code: str, told: str) -> None:
    """Restart all with broken code: the standby serves. A roll refuses it. Then it is mended."""
    module = ground.place / MODULE
    module.write_text(code)
    try:
        done = ground.fleet("restart", "--timeout", "3")
        if done.returncode != 1 or told not in done.stderr:
            raise FleetError("fleet restart", f"did not report {told!r}: {done.stderr}", "see the logs")
        ground.ctl("restart", f"{ground.program}:*")
        workers = {worker.namespec for worker in ground.described.workers}
        ground.until(
            "no worker to be ready", lambda: not any(r.ready for r in ground.rows() if r.namespec in workers), GIVEN_UP
        )
    finally:
        module.write_text(GOOD)
    ground.ctl("restart", f"{ground.program}:*")
    ground.ctl("start", f"{ground.program}:*")


def _scaled(ground: Target, number: int) -> None:
    before = ground.pids()
    _expect(ground, 0, "scale", str(number))
    _same_pids(ground, before)


def _same_pids(ground: Target, before: dict[str, int]) -> None:
    changed = sorted(name for name, pid in ground.pids().items() if before.get(name, pid) != pid)
    if changed:
        raise FleetError(", ".join(changed), "another pid than before", "see the logs")


def _expect(ground: Target, code: int, *arguments: str) -> None:
    done = ground.fleet(*arguments)
    if done.returncode != code:
        what = f"fleet {' '.join(arguments)}"
        raise FleetError(what, f"ended with {done.returncode}: {done.stdout}{done.stderr}", "see the logs")
