"""The standby stays until the workers are ready.

After an edit of both commands ``supervisorctl update`` replaces the workers' group and then, while they are still
starting, the standby's: for a moment nobody would serve, and with a command that does not work nobody ever would.
"""

import functools
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor.http import NOT_DONE_YET
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

STANDBY = "standby"
PATIENCE = 60.0
"""Seconds for the workers to become ready."""
ASKED_AGAIN = 2.0
"""Seconds after which nginx asks a worker that was away; it may take one (max_fails in nginx.conf)."""
LOOK = 0.1
"""Seconds from one look at them to the next."""
_PATH = re.compile(r"-m aiohttp_fleet\.worker .*?--path[= ]\"?([^\s\"]+)")
_COMING = (ProcessStates.STARTING, ProcessStates.RUNNING, ProcessStates.BACKOFF)


class Standing:
    """Wraps the RPC method by which the standby is stopped together with its group.

    ``supervisorctl stop standby`` and a shutdown use others, and stop it at once.

    Args:
        supervisord: the ``Supervisor``.
    """

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord
        self._stop = SupervisorNamespaceRPCInterface.stopProcessGroup

    def install(self) -> None:
        """Stand in for the method."""
        stop = self._stop

        @functools.wraps(stop)
        def waiting(interface: Any, name: str, wait: bool = True) -> Any:
            stopping = functools.partial(stop, interface, name, wait)
            return self._waiting(interface, stopping) if name == STANDBY else stopping()

        SupervisorNamespaceRPCInterface.stopProcessGroup = waiting

    def _waiting(self, interface: Any, stop: Callable[[], Any]) -> Any:
        """Return what supervisord calls again and again until it has a result (supervisor/http.py, NOT_DONE_YET)."""
        deadline = time.monotonic() + PATIENCE
        stopping: Callable[[], Any] | None = None

        def look() -> Any:
            nonlocal stopping
            if stopping is None:
                if self._are_coming() and time.monotonic() < deadline:
                    return NOT_DONE_YET
                self._require_ready()
                stopping = stop()
            return stopping()

        look.delay = LOOK  # type: ignore[attr-defined]
        look.rpcinterface = interface  # type: ignore[attr-defined]
        return look

    def _are_coming(self) -> bool:
        """Whether a worker that is to run is not ready."""
        return any(state in _COMING and not _is_ready(path) for state, path in self._workers())

    def _require_ready(self) -> None:
        """Refuse when workers were to run and none does; those that somebody has stopped are nobody's wish."""
        workers = [(state, path) for state, path in self._workers() if state != ProcessStates.STOPPED]
        if workers and not any(state in _COMING and _is_ready(path) for state, path in workers):
            text = "no worker is ready, so the standby stays; see supervisorctl tail of a worker, mend it, update again"
            raise RPCError(Faults.FAILED, text)

    def _workers(self) -> list[tuple[int, Path]]:
        """Return state and path of each worker but the standby."""
        return [
            (_state(process), Path(found[1]))
            for name, group in self._supervisord.process_groups.items()
            for process in group.processes.values()
            if name != STANDBY and (found := _PATH.search(process.config.command))
        ]


def _is_ready(path: Path) -> bool:
    """Whether a worker has its path, for so long that nginx knows."""
    try:
        return time.time() - path.stat().st_ctime > ASKED_AGAIN
    except OSError:
        return False


def _state(process: Any) -> int:
    """Return its state; STARTING where supervisord starts it in a moment (supervisor/process.py, transition)."""
    is_new = process.state == ProcessStates.STOPPED and not process.laststart and process.config.autostart
    return int(ProcessStates.STARTING if is_new else process.state)
