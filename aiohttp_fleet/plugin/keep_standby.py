"""The standby stays until the workers are ready.

After an edit of both commands ``supervisorctl update`` replaces the workers' group and then, while they are still
starting, the standby's: for a moment nobody would serve, and with a command that does not work nobody ever would.
"""

import functools
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor.http import NOT_DONE_YET
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, RPCError

STANDBY = "standby"
WORKER = "aiohttp_fleet.worker"
PATIENCE = 60.0
"""Seconds for the workers to become ready."""
ASKED_AGAIN = 2.0
"""Seconds after which nginx asks a worker that was away; it may take one (max_fails in nginx.conf)."""
LOOK = 0.1
"""Seconds from one look at them to the next."""
_COMING = (ProcessStates.STARTING, ProcessStates.RUNNING, ProcessStates.BACKOFF)


class KeepStandby:
    """Wraps the RPC method by which the standby is stopped together with its group.

    ``supervisorctl stop standby`` and a shutdown use others, and stop it at once.

    Args:
        supervisord: the ``Supervisor``.
    """

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord

    def install(self) -> None:
        """Stand in for the method; for the one that stood in before ``supervisorctl reload``, too."""
        stop = SupervisorNamespaceRPCInterface.stopProcessGroup
        stop = getattr(stop, "__wrapped__", stop)

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
        return any(state in _COMING and not is_ready for state, is_ready in self._workers())

    def _require_ready(self) -> None:
        """Refuse when workers were to run and none does; those that somebody has stopped are nobody's wish."""
        workers = [(state, is_ready) for state, is_ready in self._workers() if state != ProcessStates.STOPPED]
        if workers and not any(state in _COMING and is_ready for state, is_ready in workers):
            text = "no worker is ready, so the standby stays; see supervisorctl tail of a worker, mend it, update again"
            raise RPCError(Faults.FAILED, text)

    def _workers(self) -> list[tuple[int, bool]]:
        """Return the state of each worker but the standby, and whether it is ready."""
        return [
            (_state(process), _is_ready(path, process.laststart))
            for name, group in self._supervisord.process_groups.items()
            for process in group.processes.values()
            if name != STANDBY and (path := _path(process.config))
        ]


def _path(config: Any) -> Path | None:
    """Return the first socket of a worker, None for any other program."""
    try:
        words = shlex.split(config.command)
    except ValueError:  # it cannot be started either
        return None
    paths = [value for word, value in zip(words, [*words[1:], ""], strict=True) if word == "--path"]
    paths += [word.removeprefix("--path=") for word in words if word.startswith("--path=")]
    return Path(config.directory or "", paths[0]) if paths and WORKER in words else None


def _is_ready(path: Path, started: float) -> bool:
    """Whether a worker has its path, for so long that nginx knows; one from before its start is another's."""
    try:
        since = path.stat().st_ctime
    except OSError:
        return False
    return 0 < started <= since < time.time() - ASKED_AGAIN


def _state(process: Any) -> int:
    """Return its state; STARTING where supervisord starts it in a moment (supervisor/process.py, transition)."""
    is_new = process.state == ProcessStates.STOPPED and not process.laststart and process.config.autostart
    return int(ProcessStates.STARTING if is_new else process.state)
