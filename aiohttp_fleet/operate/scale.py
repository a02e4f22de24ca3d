"""Change the number of workers while the others serve. A failure restores everything."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.waiting import POLL
from aiohttp_fleet.common.write_files import replace_file, temporary_sibling
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.numprocs_text import with_numprocs
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.nginx.check_config import check_config
from aiohttp_fleet.nginx.reload import apply
from aiohttp_fleet.nginx.upstream_text import render_upstream, upstream_diff
from aiohttp_fleet.operate.start_restart import require_no_restart, wait_ready
from aiohttp_fleet.supervision.restart_steps import KILL
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord

BACK = 30.0
"""Seconds that workers get to become ready when an undo starts them again."""


@dataclass(frozen=True)
class State:
    """A fleet, and the text of its two files.

    Attributes:
        fleet: the fleet.
        supervisord: the text of supervisord.conf.
        nginx: the text of nginx.conf.
    """

    fleet: Fleet
    supervisord: str
    nginx: str


def current(fleet: Fleet, supervisord: Supervisord) -> State:
    """Return what the files say now.

    Raises:
        FleetError: they disagree or have changes that are not applied yet, the plugin is not loaded, or a rolling
            restart runs.
    """
    require_no_restart(fleet, supervisord)
    if supervisord.plugin() is None:
        reason = "supervisord has no [rpcinterface:fleet], without which all workers would restart"
        step = "add it as the shipped file has it and restart supervisord; or edit numprocs, then"
        raise FleetError(str(fleet.supervisord_conf), reason, f"{step} fleet render --write, supervisorctl update")
    state = State(fleet, read_text(fleet.supervisord_conf), read_text(fleet.nginx_conf))
    if upstream_diff(fleet, state.nginx):
        raise FleetError(str(fleet.nginx_conf), "its servers are not those of supervisord.conf", "fleet render --write")
    pending = sorted({name for names in supervisord.reread() for name in names})
    if pending:
        reason = f"it has changes that supervisord has not loaded yet ({', '.join(pending)})"
        raise FleetError(str(fleet.supervisord_conf), reason, "supervisorctl update")
    return state


def planned(old: State, number: int) -> State:
    """Return the state with another number of workers, after reading and testing it. Changes nothing.

    Raises:
        FleetError: it would not work.
    """
    conf, program = old.fleet.supervisord_conf, old.fleet.program
    text = with_numprocs(old.supervisord, program, number)
    if text is None:
        where = f"{conf}, [program:{program}]"
        raise FleetError(where, "there is no line numprocs= with a plain number", "write numprocs=4")
    with temporary_sibling(conf, text) as path:
        fleet = replace(read_fleet(path, program), supervisord_conf=conf, nginx_conf=old.fleet.nginx_conf)
    new = State(fleet, text, render_upstream(fleet, old.nginx))
    check_config(fleet.nginx_conf, new.nginx)
    return new


@contextmanager
def restored(old: State, supervisord: Supervisord) -> Iterator[None]:
    """Restore both files, supervisord and nginx when the block fails or is interrupted.

    Raises:
        FleetError: they could not be restored.
    """
    try:
        yield
    except BaseException as error:
        with deferred_signals():
            try:
                _undo(old, supervisord)
            except FleetError as failure:
                reason = f"what was done could not be undone ({failure})"
                raise FleetError(str(error) or "interrupted", reason, "see fleet status") from None
        raise


def _undo(old: State, supervisord: Supervisord) -> None:
    fleet = old.fleet
    reloaded = read_text(fleet.nginx_conf) != old.nginx
    replace_file(fleet.supervisord_conf, old.supervisord)
    replace_file(fleet.nginx_conf, old.nginx)
    away = [worker for worker in fleet.workers if worker.namespec not in supervisord.processes()]
    _load(fleet, supervisord)
    deque(_leave(fleet, supervisord), 0)
    deadline = time.monotonic() + BACK
    for worker in away:
        wait_ready(supervisord, worker, max(0.0, deadline - time.monotonic()))
    if reloaded:
        apply(fleet, supervisord)


def scale(old: State, new: State, supervisord: Supervisord, timeout: float) -> Iterator[str]:
    """Change the number of workers; yield a line for each step that is done.

    When workers are added nginx is changed last, so that it uses none that is not ready; when they are removed, first.

    Args:
        old: what `current` has returned.
        new: what `planned` has.
        supervisord: it runs the workers.
        timeout: seconds that the new workers get to become ready.

    Raises:
        FleetError: it cannot be done; see `restored`.
    """
    more = len(new.fleet.workers) > len(old.fleet.workers)
    if not more:
        yield _nginx(new, supervisord)
    replace_file(new.fleet.supervisord_conf, new.supervisord)
    _load(new.fleet, supervisord)
    if more:
        yield from _ready(old.fleet, new.fleet, supervisord, timeout)
        yield _nginx(new, supervisord)
    else:
        yield from _leave(new.fleet, supervisord)


def _load(fleet: Fleet, supervisord: Supervisord) -> None:
    added, _, _ = supervisord.reread()
    if fleet.program in added:
        supervisord.add_group(fleet.program)


def _ready(old: Fleet, new: Fleet, supervisord: Supervisord, timeout: float) -> Iterator[str]:
    """Wait until the new workers are ready; yield a line for each."""
    deadline = time.monotonic() + timeout
    for worker in new.workers[len(old.workers) :]:
        if reason := wait_ready(supervisord, worker, max(0.0, deadline - time.monotonic())):
            raise FleetError(worker.namespec, reason, "everything is as it was; fix it, then retry")
        yield f"{worker.name}: ready on {worker.socket}"


def _leave(fleet: Fleet, supervisord: Supervisord) -> Iterator[str]:
    """Wait until supervisord knows no other worker than these; yield a line for each that has ended."""
    staying = {worker.namespec for worker in fleet.workers}
    seconds = max(worker.stopwaitsecs for worker in fleet.workers) + KILL
    deadline = time.monotonic() + seconds
    leaving: set[str] = set()
    while True:
        known = {name for name in supervisord.processes() if name.startswith(f"{fleet.program}:")} - staying
        yield from (f"{name.partition(':')[2]}: drained and gone" for name in sorted(leaving - known))
        leaving = known
        if not leaving:
            return
        if time.monotonic() >= deadline:
            reason = f"not stopped after {seconds:g} s: {', '.join(sorted(leaving))}"
            raise FleetError(fleet.program, reason, "see supervisorctl status")
        time.sleep(POLL)


def _nginx(new: State, supervisord: Supervisord) -> str:
    fleet = new.fleet
    replace_file(fleet.nginx_conf, new.nginx)
    return apply(fleet, supervisord, f"{len(fleet.workers)} workers in its upstream")
