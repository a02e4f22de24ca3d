"""Drive a rolling restart from the main loop of supervisord: it goes on when the client that started it ends."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.states import SupervisorStates
from supervisor.xmlrpc import Faults, RPCError

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.config.supervisord_conf import worker_of
from aiohttp_fleet.plugin.supervisor_internals import on_each_turn, turn_sooner
from aiohttp_fleet.plugin.templates import Templates
from aiohttp_fleet.supervision.restart_steps import DONE, FAILED, RollingRestart
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord


class LocalSupervisord(Supervisord):
    """supervisord's own RPC methods, called inside it.

    Args:
        supervisord: the ``Supervisor``.
    """

    def __init__(self, supervisord: Any) -> None:
        super().__init__("", "")
        self._rpc = SupervisorNamespaceRPCInterface(supervisord)

    def call_once(self, method: str, *arguments: object) -> Any:
        """Call a method of the namespace ``supervisor``."""
        try:
            return getattr(self._rpc, method.partition(".")[2])(*arguments)
        except RPCError as error:
            raise Fault(error.code, error.text) from None


class Restarts:
    """One rolling restart at a time, driven from supervisord's main loop.

    Args:
        supervisord: the ``Supervisor``.
        templates: what workers are forked from; None where they are executed.

    Attributes:
        restart: the one that runs, or the last one; one without workers when there was none.
    """

    def __init__(self, supervisord: Any, templates: Templates | None) -> None:
        self._supervisord = supervisord
        self._templates = templates
        self._logger = supervisord.options.logger
        self._local = LocalSupervisord(supervisord)
        self.restart = RollingRestart(self._local, [], 0)
        self.restart.end(DONE)

    def start(self, namespecs: Sequence[str], timeout: float, check: str, owner: str, is_new: bool) -> None:
        """Start a rolling restart.

        Args:
            namespecs: the workers, in order.
            timeout: seconds that each gets to become ready.
            check: target of a GET that each must answer with a status below 400; empty for none.
            owner: the command that starts it.
            is_new: whether they get the code that is there now; else the code that the fleet runs.

        Raises:
            RPCError: one is running, or a worker is unknown or has no ``--path``.
        """
        if self.restart.report.is_running:
            raise RPCError(Faults.FAILED, f"a rolling restart is running, started by {self.restart.report.owner}")
        workers = [self._worker(namespec) for namespec in namespecs]
        prepare = self._prepare(namespecs[0], is_new) if self._templates else None
        self.restart = RollingRestart(self._local, workers, timeout, check, owner, prepare)
        self._logger.info(f"fleet: rolling restart of {', '.join(namespecs)} started by {owner}")

    def is_busy(self) -> bool:
        """Whether `advance` has something to do."""
        return bool(self._local.stopped) or self.restart.report.is_running

    def advance(self) -> None:
        """Do what can be done now. An error ends the restart, never supervisord."""
        try:
            if self._templates:
                self._templates.is_settled = self.restart.report.is_running
            if self._supervisord.options.mood < SupervisorStates.RUNNING:
                self._local.stopped.clear()
                self.restart.end(FAILED, "supervisord was stopped or reloaded; see fleet status")
            elif not self.restart.report.is_running:
                self._start_stopped()
            elif not (report := self.restart.poll()).is_running:
                reasons = [report.reason, *(done.reason for done in report.restarted)]
                self._logger.info(f"fleet: rolling restart {report.state} {' '.join(filter(None, reasons))}".rstrip())
        except Exception as error:
            self._logger.warn(f"fleet: the rolling restart has failed ({type(error).__name__}: {error})")
            self.restart.end(FAILED, f"{type(error).__name__}: {error}; see fleet status")

    def _prepare(self, namespec: str, is_new: bool) -> Generator[None, None, None]:
        """Import the new code in a template, and try to build the application, before anything is stopped."""
        assert self._templates is not None  # it is not called without
        template = self._templates.prepare(self._process(namespec), is_new)
        try:
            while template and template.is_building:
                yield
        except GeneratorExit:  # cancelled
            self._templates.discard()
            raise
        problem = self._templates.adopt()
        if template and problem:
            lines = "".join(f"\n  {line}" for line in (*template.tail, problem))
            step = "nothing was changed; fix it, then retry"
            raise FleetError(f"preflight of {namespec}", f"the application cannot be built{lines}\n", step)

    def _start_stopped(self) -> None:
        """Start the workers that a restart has stopped and could not start, as soon as they have ended."""
        for namespec in sorted(self._local.stopped):
            try:
                if self._local.process(namespec)["statename"] == "STOPPED":
                    self._local.start(namespec)
            except FleetError:  # supervisord does not know it any more
                self._local.stopped.discard(namespec)

    def _worker(self, namespec: str) -> Worker:
        try:
            return absolute_worker(self._process(namespec).config, namespec)
        except FleetError as error:
            raise RPCError(Faults.FAILED, str(error)) from None

    def _process(self, namespec: str) -> Any:
        group, _, name = namespec.rpartition(":")
        try:
            return self._supervisord.process_groups[group or name].processes[name]
        except KeyError:
            raise RPCError(Faults.BAD_NAME, namespec) from None


def install(supervisord: Any, templates: Templates | None) -> Restarts:
    """Let supervisord's main loop drive restarts."""
    restarts = Restarts(supervisord, templates)
    on_each_turn(supervisord, restarts.advance)
    turn_sooner(supervisord, restarts.is_busy)
    return restarts


def absolute_worker(config: Any, namespec: str) -> Worker:
    """Return a worker with the whole paths of its sockets.

    Args:
        config: supervisor's ``ProcessConfig``.
        namespec: what supervisorctl calls it.

    Raises:
        FleetError: its command is not that of a worker.
    """
    worker = worker_of(config, namespec.partition(":")[0], namespec)
    path, control = (str(Path(worker.directory or "", name)) for name in (worker.socket, worker.control))
    return replace(worker, sockets=(path,), control=control)
