"""Another number of workers, while all others serve on. Whatever fails, everything is as before."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from aiohttp_fleet.act import nginx
from aiohttp_fleet.act.roll import wait_ready
from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.act.write import replace
from aiohttp_fleet.compute.numprocs import with_numprocs
from aiohttp_fleet.compute.upstream import difference, rendered
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.fleet import Fleet
from aiohttp_fleet.read.supervisord import read
from aiohttp_fleet.read.text import read_text

POLL = 0.05
"""Seconds between two looks."""
KILL = 5.0
"""Seconds beyond stopwaitsecs, in which supervisord kills and reaps."""


@dataclass(frozen=True)
class Texts:
    """What both files say.

    Attributes:
        supervisord: the text of supervisord.conf.
        nginx: the text of nginx.conf.
    """

    supervisord: str
    nginx: str


def current(fleet: Fleet, supervisord: Supervisord) -> Texts:
    """Return what the files say now.

    Raises:
        FleetError: they disagree, have changes that are not taken up yet, or the plugin is not loaded.
    """
    if supervisord.plugin() is None:
        reason = "supervisord has no [rpcinterface:fleet], without which all workers would restart"
        step = "add it as the shipped file has it, then supervisorctl reload"
        raise FleetError(str(fleet.supervisord_conf), reason, step)
    texts = Texts(read_text(fleet.supervisord_conf), read_text(fleet.nginx_conf))
    if difference(fleet, texts.nginx):
        raise FleetError(str(fleet.nginx_conf), "its servers are not those of supervisord.conf", "fleet render --write")
    pending = sorted({name for names in supervisord.reread() for name in names})
    if pending:
        reason = f"it has changes that supervisord has not taken up yet ({', '.join(pending)})"
        raise FleetError(str(fleet.supervisord_conf), reason, "supervisorctl update")
    return texts


@contextmanager
def restored(fleet: Fleet, supervisord: Supervisord, old: Texts) -> Iterator[None]:
    """Put both files, supervisord and nginx back to where they were when the block fails, or is interrupted."""
    try:
        yield
    except BaseException:
        reloaded = read_text(fleet.nginx_conf) != old.nginx
        replace(fleet.supervisord_conf, old.supervisord)
        replace(fleet.nginx_conf, old.nginx)
        with suppress(FleetError):  # the first failure is the one to be told
            _take_up(fleet, supervisord)
            deque(_leave(fleet, supervisord), 0)
        if reloaded and fleet.nginx:
            with suppress(FleetError):
                nginx.reload(supervisord, fleet.nginx, fleet.nginx_conf)
        raise


def scale(fleet: Fleet, supervisord: Supervisord, old: Texts, number: int, timeout: float) -> Iterator[str]:
    """Change the number of workers; yield a line for each step that is done.

    More: workers first, then nginx, which so never asks one that is not ready. Fewer: nginx first.

    Args:
        fleet: as it is.
        supervisord: through whom.
        old: what `current` has returned.
        number: of workers.
        timeout: seconds that the new workers get to become ready.

    Raises:
        FleetError: it cannot be done; see `restored`.
    """
    text = with_numprocs(old.supervisord, fleet.program, number)
    if text is None:
        where = f"{fleet.supervisord_conf}, [program:{fleet.program}]"
        raise FleetError(where, "there is no line numprocs= with a plain number", "write numprocs=4")
    more = number > len(fleet.workers)
    if more:
        replace(fleet.supervisord_conf, text)
        new = read(fleet.supervisord_conf, fleet.program)
        nginx.test(fleet.nginx_conf, rendered(new, old.nginx))
        yield from _start(fleet, new, supervisord, timeout)
        yield from _nginx(new, supervisord, old)
        return
    new = _fewer(fleet, number)
    nginx.test(fleet.nginx_conf, rendered(new, old.nginx))
    yield from _nginx(new, supervisord, old)
    replace(fleet.supervisord_conf, text)
    _take_up(fleet, supervisord)
    yield from _leave(new, supervisord)


def _fewer(fleet: Fleet, number: int) -> Fleet:
    return Fleet(**{**vars(fleet), "workers": fleet.workers[:number]})


def _take_up(fleet: Fleet, supervisord: Supervisord) -> None:
    added, _, _ = supervisord.reread()
    if fleet.program in added:
        supervisord.add_group(fleet.program)


def _start(fleet: Fleet, new: Fleet, supervisord: Supervisord, timeout: float) -> Iterator[str]:
    _take_up(fleet, supervisord)
    deadline = time.monotonic() + timeout
    for worker in new.workers[len(fleet.workers) :]:
        if reason := wait_ready(supervisord, worker, max(0.0, deadline - time.monotonic())):
            raise FleetError(worker.namespec, reason, "everything is as it was; mend it, then try again")
        yield f"{worker.name}: ready on {worker.socket}"


def _leave(fleet: Fleet, supervisord: Supervisord) -> Iterator[str]:
    """Wait until supervisord knows no other worker than these; yield a line for each that has gone."""
    staying = {worker.namespec for worker in fleet.workers}
    seconds = max(worker.stopwaitsecs for worker in fleet.workers) + KILL
    deadline = time.monotonic() + seconds
    leaving: set[str] = set()
    while True:
        known = {name for name in supervisord.processes() if name.startswith(f"{fleet.program}:")} - staying
        yield from (f"{name}: drained and gone" for name in sorted(leaving - known))
        leaving = known
        if not leaving:
            return
        if time.monotonic() >= deadline:
            reason = f"not gone after {seconds:g} s: {', '.join(sorted(leaving))}"
            raise FleetError(fleet.program, reason, "see supervisorctl status")
        time.sleep(POLL)


def _nginx(new: Fleet, supervisord: Supervisord, old: Texts) -> Iterator[str]:
    replace(new.nginx_conf, rendered(new, old.nginx))
    if new.nginx is None:
        yield f"{new.nginx_conf}: written; reload your nginx now"
        return
    nginx.reload(supervisord, new.nginx, new.nginx_conf)
    yield f"nginx: reloaded, {len(new.workers)} workers in its upstream"
