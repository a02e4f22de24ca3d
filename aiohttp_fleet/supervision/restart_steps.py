"""The steps of a rolling restart, in supervisord or in a client: stop, start, wait for ready, the next worker.

Nothing here blocks or sleeps: `RollingRestart.poll` does what can be done now. The plugin calls it from
supervisord's main loop, so a restart does not depend on its client; without the plugin the client calls it.
"""

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.log_tail import last_lines
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.supervision.readiness import get_status, why_not_ready
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from aiohttp_fleet.worker.arguments import CHECK, REFUSED

KILL = 5.0
"""Seconds beyond stopwaitsecs in which supervisord kills and reaps."""
TAIL = 20
"""Lines at the end of a worker's log that are shown when it fails."""
_ENDED = ("BACKOFF", "EXITED", "FATAL", "STOPPED")


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
    log: Sequence[str] = ()


RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
"""The states of a rolling restart."""


@dataclass(frozen=True)
class RestartReport:
    """A rolling restart at one moment; supervisord's RPC has it as a struct with these names.

    Attributes:
        state: ``running``, ``done``, ``failed`` or ``cancelled``.
        owner: the command that started it, such as ``fleet restart (pid 42)``.
        workers: the names of all workers to restart, in order; empty where there was no restart.
        step: what is done: ``preparing``, or to the first worker that has no result ``draining``, ``starting`` or
            ``checking``.
        restarted: the results so far.
        reason: why it has failed as a whole; empty when a worker has failed.
        is_cancelled: whether it ends as soon as no worker is stopped.
    """

    state: str = DONE
    owner: str = ""
    workers: Sequence[str] = ()
    step: str = ""
    restarted: Sequence[Restarted] = ()
    reason: str = ""
    is_cancelled: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.state == RUNNING

    @property
    def remaining(self) -> Sequence[str]:
        """The names of the workers that have no result."""
        return self.workers[len(self.restarted) :]


def report_of(struct: Mapping[str, Any]) -> RestartReport:
    """Return a report that came by XML-RPC; fields that this version does not know are ignored."""
    restarted = [Restarted(**_known(Restarted, result)) for result in struct.get("restarted", ())]
    return RestartReport(**{**_known(RestartReport, struct), "restarted": restarted})


def _known(kind: type, struct: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: struct[field.name] for field in fields(kind) if field.name in struct}


class WorkerRestart:
    """The restart of one worker.

    Args:
        supervisord: it runs the worker.
        worker: the worker.
        timeout: seconds that it gets to become ready.
        check: target of a GET through its own socket that must be answered with a status below 400; empty for none.

    Attributes:
        step: what it does now.
    """

    def __init__(self, supervisord: Supervisord, worker: Worker, timeout: float, check: str = "") -> None:
        self._supervisord = supervisord
        self._worker = worker
        self._timeout = timeout
        self._check = check
        self._info: Mapping[str, Any] = {"pid": 0, "stdout_logfile": "/dev/null"}
        self.step = "draining"

    @property
    def is_away(self) -> bool:
        """Whether the worker is stopped and has yet to be started."""
        return self._worker.namespec in self._supervisord.stopped

    def run(self) -> Generator[None, None, Restarted]:
        """Drain the worker, start it, wait until it is ready; yields wherever it has to wait."""
        began = ended = time.monotonic()
        pid = 0
        try:
            pid = self._process()["pid"]
            yield from self._stop(pid)
            ended = time.monotonic()
            self._supervisord.start(self._worker.namespec)
            self.step = "starting"
            reason = yield from self.wait_ready()
            if not reason and self._check:
                self.step = "checking"
                reason = yield from self._checked()
        except FleetError as error:
            reason = str(error) if error.thing != self._worker.namespec else error.reason
        took = time.monotonic() - ended
        log = last_lines(Path(self._info["stdout_logfile"]), TAIL) if reason else ()
        return Restarted(self._worker.name, pid, self._info["pid"], ended - began, took, not reason, reason, log)

    def wait_ready(self) -> Generator[None, None, str]:
        """Wait until the worker is ready; return why it is not, empty when it is.

        A worker that has ended is not waited for.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            info = self._process()
            if info["statename"] in _ENDED:
                words = last_lines(Path(info["stdout_logfile"]), 1) or (info["spawnerr"] or info["description"],)
                return f"it has ended ({words[0]})"
            reason = yield from why_not_ready(self._worker.socket, self._worker.control, info["pid"])
            if not reason:
                return ""
            if time.monotonic() >= deadline:
                return f"not ready in {self._timeout:g} s: {reason}"
            yield

    def _process(self) -> Mapping[str, Any]:
        """Return what supervisord knows of the worker, and remember it for the result."""
        self._info = self._supervisord.process(self._worker.namespec)
        return self._info

    def _stop(self, pid: int) -> Generator[None, None, None]:
        namespec, seconds = self._worker.namespec, self._worker.stopwaitsecs + KILL
        deadline = time.monotonic() + seconds
        self._supervisord.stop(namespec)
        while pid and self._process()["pid"] == pid:
            if time.monotonic() >= deadline:
                reason = f"it has not ended in {seconds:g} s"
                raise FleetError(namespec, reason, f"see supervisorctl status {namespec}")
            yield

    def _checked(self) -> Generator[None, None, str]:
        try:
            status = yield from get_status(self._worker.socket, self._check, CHECK)
        except FleetError as error:
            return f"GET {self._check} was not answered ({error.reason})"
        return f"GET {self._check} was answered with {status}" if status >= REFUSED else ""


class RollingRestart:
    """A rolling restart, driven by this process.

    Args:
        supervisord: it runs the workers.
        workers: in order.
        timeout: seconds that each gets to become ready.
        check: see `WorkerRestart`.
        owner: the command that started it.
        prepare: what is done first; it raises a FleetError when nothing is to be restarted.

    Attributes:
        is_detached: whether it goes on when this process ends.
    """

    is_detached = False

    def __init__(
        self,
        supervisord: Supervisord,
        workers: Sequence[Worker],
        timeout: float,
        check: str = "",
        owner: str = "",
        prepare: Generator[None, None, None] | None = None,
    ) -> None:
        self._prepare = prepare
        self._workers = [WorkerRestart(supervisord, worker, timeout, check) for worker in workers]
        self._report = RestartReport(RUNNING, owner, [worker.name for worker in workers])
        self._steps = self._run()

    @property
    def report(self) -> RestartReport:
        """The restart at this moment."""
        waiting = self._workers[len(self._report.restarted) :]
        step = "preparing" if self._prepare else waiting[0].step if waiting else ""
        return replace(self._report, step=step)

    def poll(self) -> RestartReport:
        """Do what can be done now and return the report; raises nothing: an error ends the restart."""
        try:
            if self._report.is_cancelled and not any(worker.is_away for worker in self._workers):
                self.end(CANCELLED)
            elif self._report.is_running:
                next(self._steps)
        except StopIteration:
            self.end(DONE if all(done.ok for done in self._report.restarted) else FAILED)
        except FleetError as error:
            self.end(FAILED, str(error))
        except Exception as error:
            self.end(FAILED, f"{type(error).__name__}: {error}; see fleet status")
        return self.report

    def cancel(self) -> None:
        """End it as soon as no worker is stopped."""
        self._report = replace(self._report, is_cancelled=True)

    def end(self, state: str, reason: str = "") -> None:
        """End it now, unless it has ended."""
        if self._report.is_running:
            self._report = replace(self._report, state=state, reason=reason)
            self._steps.close()

    def _run(self) -> Generator[None, None, None]:
        if self._prepare:
            yield from self._prepare
            self._prepare = None
        for worker in self._workers:
            done = yield from worker.run()
            self._report = replace(self._report, restarted=[*self._report.restarted, done])
            if not done.ok:
                return
