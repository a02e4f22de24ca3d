"""A rolling restart: one worker after the other is drained, started and waited for; the first that fails ends it.

Nothing here blocks or sleeps: `RollingRestart.advance` does what can be done now. The plugin calls it from
supervisord's main loop, so a restart does not depend on its client; without the plugin the client calls it.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.log_tail import last_lines
from aiohttp_fleet.supervision.readiness import get_status, why_not_ready
from aiohttp_fleet.supervision.supervisor_rpc import Unanswered

KILL = 5.0
"""Seconds beyond stopwaitsecs in which supervisord kills and reaps."""
CHECK = 10.0
"""Seconds for the answer to ``--check``."""
TAIL = 20
"""Lines at the end of a worker's log that are shown when it fails."""
_ENDED = ("BACKOFF", "EXITED", "FATAL", "STOPPED")
T = TypeVar("T")


class Control(Protocol):
    """What a restart needs of supervisord; each method may raise FleetError, `Unanswered` for "not yet"."""

    def process(self, namespec: str) -> Mapping[str, Any]:
        """Return what supervisord knows of a process (getProcessInfo)."""

    def start(self, namespec: str) -> None:
        """Start a process, unless it runs already; return at once."""

    def stop(self, namespec: str) -> None:
        """Send a process its stop signal, unless it is down; return at once."""


@dataclass(frozen=True)
class Target:
    """A worker to restart.

    Attributes:
        namespec: what supervisorctl calls it, such as ``aiohttp:web1``.
        socket: the path it serves.
        control: the path of its control socket.
        stopwaitsecs: seconds until supervisord kills it.
    """

    namespec: str
    socket: str
    control: str
    stopwaitsecs: int

    @property
    def name(self) -> str:
        """Such as ``web1``."""
        return self.namespec.rpartition(":")[2]


@dataclass(frozen=True)
class Restarted:
    """The result for one worker.

    Attributes:
        name: supervisord's process_name, such as ``web1``.
        old_pid: before, 0 when it was down.
        new_pid: after, 0 when it is down.
        drained: seconds from the stop signal to its end.
        started: seconds from its start until it was ready, or had failed.
        ok: whether it is ready.
        reason: why not.
        log: the last lines of its log when it is not.
    """

    name: str
    old_pid: int
    new_pid: int
    drained: float
    started: float
    ok: bool
    reason: str = ""
    log: tuple[str, ...] = ()


class RestartState(StrEnum):
    """The state of a rolling restart."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class RestartReport:
    """A rolling restart at one moment.

    Attributes:
        state: see `RestartState`.
        owner: the command that started it, such as ``fleet restart (pid 42)``.
        workers: the names of all workers to restart, in order.
        step: what is done to the first worker that has no result, such as ``draining``.
        restarted: the results so far.
        reason: why it has failed as a whole; empty when a worker has failed.
        is_cancelled: whether it ends as soon as no worker is stopped.
    """

    state: str = RestartState.RUNNING.value
    owner: str = ""
    workers: tuple[str, ...] = ()
    step: str = ""
    restarted: tuple[Restarted, ...] = ()
    reason: str = ""
    is_cancelled: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it goes on; false also where there was none."""
        return bool(self.workers) and self.state == RestartState.RUNNING

    @property
    def current(self) -> str:
        """The name of the worker in progress, empty when there is none."""
        return self.remaining[0] if self.is_running and self.remaining else ""

    @property
    def remaining(self) -> tuple[str, ...]:
        """The names of the workers that have no result."""
        return self.workers[len(self.restarted) :]

    def struct(self) -> dict[str, Any]:
        """Return it as a struct of XML-RPC, see `report_of`."""
        return asdict(self)


def report_of(struct: Mapping[str, Any]) -> RestartReport:
    """Return a report that came by XML-RPC; fields that this version does not know are ignored."""
    restarted = tuple(
        Restarted(**_known(Restarted, result) | {"log": tuple(result.get("log", ()))})
        for result in struct.get("restarted", ())
    )
    workers = tuple(struct.get("workers", ()))
    return RestartReport(**_known(RestartReport, struct) | {"workers": workers, "restarted": restarted})


def _known(kind: type, struct: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in struct.items() if name in names}


class WorkerRestart:
    """The restart of one worker.

    Args:
        control: supervisord.
        target: the worker.
        timeout: seconds that it gets to become ready.
        check: target of a GET through its own socket that must be answered with a status below 400; empty for none.

    Attributes:
        step: what it does now.
        is_away: whether the worker is stopped and has yet to be started.
    """

    def __init__(self, control: Control, target: Target, timeout: float, check: str) -> None:
        self._control = control
        self._target = target
        self._timeout = timeout
        self._check = check
        self.step = "draining"
        self.is_away = False

    def run(self) -> Generator[None, None, Restarted]:
        """Drain the worker, start it, wait until it is ready; yields wherever it has to wait."""
        began = ended = time.monotonic()
        pid = 0
        try:
            pid = yield from self._pid()
            yield from self._stop(pid)
            ended = time.monotonic()
            yield from self._ask(lambda: self._control.start(self._target.namespec), ended + self._timeout)
            self.is_away, self.step = False, "starting"
            reason = yield from self.wait_ready()
            if not reason and self._check:
                self.step = "checking"
                reason = yield from self._checked()
        except FleetError as error:
            reason = str(error) if error.thing != self._target.namespec else error.reason
        took, info = time.monotonic() - ended, self._last_info()
        log = last_lines(Path(info.get("stdout_logfile") or "/dev/null"), TAIL) if reason else ()
        new_pid = int(info.get("pid", 0))
        return Restarted(self._target.name, pid, new_pid, ended - began, took, not reason, reason, log)

    def wait_ready(self) -> Generator[None, None, str]:
        """Wait until the worker is ready; return why it is not, empty when it is.

        A worker that has ended is not waited for.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            info = yield from self._ask(lambda: self._control.process(self._target.namespec), deadline)
            if info["statename"] in _ENDED:
                words = last_lines(Path(info["stdout_logfile"]), 1) or (info["spawnerr"] or info["description"],)
                return f"it has ended ({words[0]})"
            reason = yield from why_not_ready(self._target.socket, self._target.control, int(info["pid"]))
            if not reason:
                return ""
            if time.monotonic() >= deadline:
                return f"not ready in {self._timeout:g} s: {reason}"
            yield

    def _pid(self) -> Generator[None, None, int]:
        deadline = time.monotonic() + self._timeout
        info = yield from self._ask(lambda: self._control.process(self._target.namespec), deadline)
        return int(info["pid"])

    def _stop(self, pid: int) -> Generator[None, None, None]:
        namespec, seconds = self._target.namespec, self._target.stopwaitsecs + KILL
        deadline = time.monotonic() + seconds
        self.is_away = True
        yield from self._ask(lambda: self._control.stop(namespec), deadline)
        while pid and (yield from self._ask(lambda: self._control.process(namespec), deadline))["pid"] == pid:
            if time.monotonic() >= deadline:
                reason = f"it has not ended in {seconds:g} s"
                raise FleetError(namespec, reason, f"see supervisorctl status {namespec}")
            yield

    def _checked(self) -> Generator[None, None, str]:
        try:
            status = yield from get_status(self._target.socket, self._check, CHECK)
        except OSError as error:
            return f"GET {self._check} was not answered ({error})"
        return f"GET {self._check} was answered with {status}" if status >= 400 else ""

    def _ask(self, ask: Callable[[], T], deadline: float) -> Generator[None, None, T]:
        """Call supervisord; until the deadline a call that is not answered is repeated."""
        while True:
            try:
                return ask()
            except Unanswered:
                if time.monotonic() >= deadline:
                    raise
            yield

    def _last_info(self) -> Mapping[str, Any]:
        try:
            return self._control.process(self._target.namespec)
        except FleetError:
            return {}


class RollingRestart:
    """A rolling restart that is under way.

    Args:
        control: supervisord.
        targets: the workers, in order.
        timeout: seconds that each gets to become ready.
        check: see `WorkerRestart`.
        owner: the command that started it.
    """

    def __init__(
        self, control: Control, targets: Sequence[Target], timeout: float, check: str = "", owner: str = ""
    ) -> None:
        self._workers = [WorkerRestart(control, target, timeout, check) for target in targets]
        self._names = tuple(target.name for target in targets)
        self._owner = owner
        self._state = RestartState.RUNNING
        self._reason = ""
        self._restarted: list[Restarted] = []
        self._is_cancelled = False
        self._steps = self._run()

    @property
    def report(self) -> RestartReport:
        """The restart at this moment."""
        step = worker.step if (worker := self._worker) else ""
        return RestartReport(
            state=self._state.value,
            owner=self._owner,
            workers=self._names,
            step=step,
            restarted=tuple(self._restarted),
            reason=self._reason,
            is_cancelled=self._is_cancelled,
        )

    @property
    def is_running(self) -> bool:
        """Whether `advance` has something left to do."""
        return self._state is RestartState.RUNNING

    def advance(self) -> None:
        """Do what can be done now; raises nothing: what goes wrong ends the restart."""
        if not self.is_running:
            return
        if self._is_cancelled and not (self._worker and self._worker.is_away):
            self._end(RestartState.CANCELLED)
            return
        try:
            next(self._steps)
        except StopIteration:
            self._state = RestartState.DONE if all(done.ok for done in self._restarted) else RestartState.FAILED
        except Exception as error:
            self._end(RestartState.FAILED, f"{type(error).__name__}: {error}")

    def cancel(self) -> None:
        """End it as soon as no worker is stopped."""
        self._is_cancelled = True

    def abort(self, reason: str) -> None:
        """End it now, because no worker can be started any more."""
        if self.is_running:
            self._end(RestartState.FAILED, reason)

    @property
    def _worker(self) -> WorkerRestart | None:
        return self._workers[len(self._restarted)] if len(self._restarted) < len(self._workers) else None

    def _end(self, state: RestartState, reason: str = "") -> None:
        self._steps.close()
        self._state, self._reason = state, reason

    def _run(self) -> Generator[None, None, None]:
        for worker in self._workers:
            done = yield from worker.run()
            self._restarted.append(done)
            if not done.ok:
                return
