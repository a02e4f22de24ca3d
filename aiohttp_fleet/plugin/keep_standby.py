"""Delay ``supervisorctl update`` from stopping the standby until the workers are ready.

After an edit of both commands, ``update`` replaces the workers' group and then, while they still start, the standby's:
for a moment no process would serve, and with a command that does not work none ever would.
"""

import contextlib
import functools
import time
from collections.abc import Callable
from typing import Any

from supervisor.http import NOT_DONE_YET
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.standby_command import WORKER
from aiohttp_fleet.config.supervisord_conf import STANDBY
from aiohttp_fleet.plugin.drive_restart import absolute_worker
from aiohttp_fleet.supervision.readiness import ready_since

PATIENCE = 60.0
"""Seconds that the workers get to become ready."""
ASKED_AGAIN = 2.0
"""Seconds after which nginx tries a worker again that was away; it may take one (max_fails in nginx.conf)."""
POLL = 0.1
"""Seconds between two checks of the workers."""
_COMING = (ProcessStates.STARTING, ProcessStates.RUNNING, ProcessStates.BACKOFF)


def install(supervisord: Any) -> None:
    """Wrap the RPC method that stops the standby together with its group; ``supervisorctl reload`` installs it again.

    ``supervisorctl stop standby`` and a shutdown use other methods, and stop it at once.

    Args:
        supervisord: the ``Supervisor``.
    """
    stop = SupervisorNamespaceRPCInterface.stopProcessGroup
    stop = getattr(stop, "__wrapped__", stop)

    @functools.wraps(stop)
    def stop_group(interface: Any, name: str, wait: bool = True) -> Any:
        stopping = functools.partial(stop, interface, name, wait)
        return _waiting(supervisord, interface, stopping) if name == STANDBY else stopping()

    SupervisorNamespaceRPCInterface.stopProcessGroup = stop_group


def _waiting(supervisord: Any, interface: Any, stop: Callable[[], Any]) -> Any:
    """Return a function that supervisord calls until it has a result (supervisor/http.py, NOT_DONE_YET)."""
    deadline = time.monotonic() + PATIENCE
    stopping: Callable[[], Any] | None = None

    def poll() -> Any:
        nonlocal stopping
        if stopping is None:
            workers = _workers(supervisord)
            are_coming = any(state in _COMING and not is_ready for state, is_ready in workers)
            if are_coming and time.monotonic() < deadline:
                return NOT_DONE_YET
            _require_ready(workers)
            stopping = stop()
        return stopping()

    poll.delay = POLL  # type: ignore[attr-defined]
    poll.rpcinterface = interface  # type: ignore[attr-defined]
    return poll


def _require_ready(workers: list[tuple[int, bool]]) -> None:
    """Refuse when workers are to run and none does; workers that the operator has stopped do not count."""
    wanted = [state in _COMING and is_ready for state, is_ready in workers if state != ProcessStates.STOPPED]
    if wanted and not any(wanted):
        text = "no worker is ready, so the standby stays; see supervisorctl tail of a worker, fix it, update again"
        raise RPCError(Faults.FAILED, text)


def _workers(supervisord: Any) -> list[tuple[int, bool]]:
    """Return the state of each worker but the standby, and whether it serves for so long that nginx uses it."""
    found = []
    for name, group in supervisord.process_groups.items():
        for process in group.processes.values():
            if name != STANDBY and WORKER in process.config.command:
                with contextlib.suppress(FleetError):  # it has no path
                    worker = absolute_worker(process.config, name)
                    since = ready_since(worker.socket, process.pid)
                    found.append((_state(process), since is not None and since < time.time() - ASKED_AGAIN))
    return found


def _state(process: Any) -> int:
    """Return its state; STARTING where supervisord is about to start it (supervisor/process.py, transition)."""
    is_new = process.state == ProcessStates.STOPPED and not process.laststart and process.config.autostart
    return int(ProcessStates.STARTING if is_new else process.state)
