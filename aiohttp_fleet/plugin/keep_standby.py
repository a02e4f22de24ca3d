"""Delay ``supervisorctl update`` from stopping the standby until the workers are ready.

After an edit of both commands, ``update`` replaces the workers' group and then, while they still start, the standby's:
for a moment no process would serve, and with a command that does not work none ever would.
"""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor.http import NOT_DONE_YET
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

from aiohttp_fleet.plugin.drive_restart import option
from aiohttp_fleet.supervision.readiness import ready_since

STANDBY = "standby"
WORKER = "aiohttp_fleet.worker"
PATIENCE = 60.0
"""Seconds that the workers get to become ready."""
ASKED_AGAIN = 2.0
"""Seconds after which nginx tries a worker again that was away; it may take one (max_fails in nginx.conf)."""
POLL = 0.1
"""Seconds between two checks of the workers."""
_COMING = (ProcessStates.STARTING, ProcessStates.RUNNING, ProcessStates.BACKOFF)


def install(supervisord: Any) -> None:
    """Replace the RPC method; after ``supervisorctl reload`` also the replacement from before."""
    keep, stop = KeepStandby(supervisord), SupervisorNamespaceRPCInterface.stopProcessGroup
    stop = getattr(stop, "__wrapped__", stop)

    @functools.wraps(stop)
    def stop_group(interface: Any, name: str, wait: bool = True) -> Any:
        stopping = functools.partial(stop, interface, name, wait)
        return keep.waiting(interface, stopping) if name == STANDBY else stopping()

    SupervisorNamespaceRPCInterface.stopProcessGroup = stop_group


class KeepStandby:
    """Wraps the RPC method that stops the standby together with its group.

    ``supervisorctl stop standby`` and a shutdown use other methods, and stop it at once.

    Args:
        supervisord: the ``Supervisor``.
    """

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord

    def waiting(self, interface: Any, stop: Callable[[], Any]) -> Any:
        """Return a function that supervisord calls until it has a result (supervisor/http.py, NOT_DONE_YET)."""
        deadline = time.monotonic() + PATIENCE
        stopping: Callable[[], Any] | None = None

        def poll() -> Any:
            nonlocal stopping
            if stopping is None:
                if self._are_coming() and time.monotonic() < deadline:
                    return NOT_DONE_YET
                self._require_ready()
                stopping = stop()
            return stopping()

        poll.delay = POLL  # type: ignore[attr-defined]
        poll.rpcinterface = interface  # type: ignore[attr-defined]
        return poll

    def _are_coming(self) -> bool:
        """Whether a worker that is to run is not ready."""
        return any(state in _COMING and not is_ready for state, is_ready in self._workers())

    def _require_ready(self) -> None:
        """Refuse when workers are to run and none does; workers that the operator has stopped do not count."""
        workers = [(state, is_ready) for state, is_ready in self._workers() if state != ProcessStates.STOPPED]
        if workers and not any(state in _COMING and is_ready for state, is_ready in workers):
            text = "no worker is ready, so the standby stays; see supervisorctl tail of a worker, fix it, update again"
            raise RPCError(Faults.FAILED, text)

    def _workers(self) -> list[tuple[int, bool]]:
        """Return the state of each worker but the standby, and whether it is ready."""
        return [
            (_state(process), _is_ready(paths[0], process))
            for name, group in self._supervisord.process_groups.items()
            for process in group.processes.values()
            if name != STANDBY and WORKER in process.config.command and (paths := option(process.config, "--path"))
        ]


def _is_ready(path: str, process: Any) -> bool:
    """Whether a worker has served its path for so long that nginx uses it."""
    since = ready_since(str(Path(process.config.directory or "", path)), process.pid)
    return since is not None and since < time.time() - ASKED_AGAIN


def _state(process: Any) -> int:
    """Return its state; STARTING where supervisord is about to start it (supervisor/process.py, transition)."""
    is_new = process.state == ProcessStates.STOPPED and not process.laststart and process.config.autostart
    return int(ProcessStates.STARTING if is_new else process.state)
