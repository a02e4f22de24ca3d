"""Which template each worker is forked from.

A worker that ends by itself comes back from its own template, with the code that the fleet runs. One that is started
by a command gets the code that is there now: a template whose files have changed is replaced first. While a template
imports, its workers are STARTING.
"""

import ctypes
import functools
import os
import time
from collections.abc import Callable
from typing import Any

from supervisor.process import Subprocess
from supervisor.states import ProcessStates, SupervisorStates

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.plugin.fork_watchdog import load_watchdog
from aiohttp_fleet.plugin.spawn import Spawn, SpawnOptions, Waiting, spawned
from aiohttp_fleet.plugin.supervisor_internals import on_each_turn, turn_sooner
from aiohttp_fleet.plugin.template import Template
from aiohttp_fleet.plugin.template_source import Source, Wanted, wanted
from aiohttp_fleet.template.attributes import SET_SUBREAPER

IDLE = 1.0
"""Seconds that supervisord waits by itself."""
_BY_ITSELF = (ProcessStates.EXITED, ProcessStates.BACKOFF)
"""States from which supervisord starts a process again without a command."""


class Templates:
    """The templates of one supervisord.

    Args:
        supervisord: the ``Supervisor``.

    Attributes:
        is_settled: whether workers get the current template whatever has changed: during a rolling restart.
    """

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord
        self._options = supervisord.options
        self._logger = supervisord.options.logger
        self._templates: list[Template] = []
        self._current: dict[Source, Template] = {}
        self._prepared: Template | None = None
        self._is_trial = False
        self._waiting: list[Waiting] = []
        self._libc = ctypes.CDLL(None)
        self.is_settled = False

    def spawn(self, process: Any, spawn: Spawn) -> Any:
        """Start a process, in place of ``Subprocess.spawn``.

        Args:
            process: the ``Subprocess``.
            spawn: what is replaced.
        """
        worker, obstacle = self._wanted(process)
        if worker is None or obstacle or process.pid:
            return self._execute(process, spawn, obstacle)
        process.fleet_template = template = self._chosen(process, worker)
        if template.is_building:
            self._waiting.append(Waiting(process, spawn, worker, template))
            return None
        return self._fork(process, spawn, worker, template)

    def kill(self, process: Any, kill: Callable[[Any, int], Any], signum: int) -> Any:
        """Stop a process, in place of ``Subprocess.kill``; one that waits for its template is STOPPED at once."""
        for waiting in self._waiting:
            if waiting.process is process:
                self._waiting.remove(waiting)
                process.change_state(ProcessStates.STOPPED)
                return None
        return kill(process, signum)

    def prepare(self, process: Any, is_new: bool) -> Template | None:
        """Begin a new template for a worker, not used before `adopt`; for one that is executed it is a trial.

        Args:
            process: the worker.
            is_new: False where the template that the fleet has will do.

        Returns:
            The template; None where there is nothing to wait for.
        """
        worker, obstacle = self._wanted(process)
        current = self._current.get(worker.source) if worker else None
        if worker is None or (not is_new and not obstacle and current and current.is_valid(by_itself=False)):
            return None
        self._prepared, self._is_trial = self._new(process, worker), bool(obstacle)
        return self._prepared

    def adopt(self) -> str:
        """Fork workers that start from the prepared template from now on; return why not when it is of no use."""
        template, self._prepared = self._prepared, None
        if template is None:
            return ""
        problem = template.problem or (template.report.problem if template.report else "")
        if not (problem or self._is_trial):
            self._current[template.source] = template
        return problem

    def discard(self) -> None:
        """Drop the prepared template."""
        self._prepared = None

    def describe(self) -> list[dict[str, str]]:
        """Return what the workers of each program share with their template, and why not more."""
        return [
            {
                "program": source.program,
                "shares": template.report.shares if template.report and not template.problem else "",
                "reason": template.problem or "; ".join(template.found),
            }
            for source, template in self._current.items()
            if not template.is_building
        ]

    def is_busy(self) -> bool:
        """Whether supervisord is to turn soon: a template imports, or a worker has ended, started a turn later."""
        recently = time.time() - IDLE
        ended = any(each.state == ProcessStates.EXITED and each.laststop > recently for each in self._processes())
        return ended or any(template.is_building for template in self._templates)

    def advance(self) -> None:
        """Read what templates report, start the workers that wait for them, and end those that are not used."""
        try:
            for template in self._templates:
                template.poll()
            for waiting in list(self._waiting):
                waiting.hold()
                if not waiting.template.is_building:
                    self._waiting.remove(waiting)
                    waiting.release()
                    self._fork(waiting.process, waiting.spawn, waiting.worker, waiting.template)
            self._end_unused()
        except Exception as error:  # raised here, it would end supervisord
            self._logger.warn(f"fleet: templates: {type(error).__name__}: {error}")

    def _end_unused(self) -> None:
        used = [process.fleet_template for process in self._processes() if hasattr(process, "fleet_template")]
        sources = {template.source for template in used}
        self._current = {source: each for source, each in self._current.items() if source in sources}
        for template in self._templates:
            is_used = template in used or template in self._current.values() or template is self._prepared
            if not is_used or self._options.mood < SupervisorStates.RUNNING:
                template.end()
        self._templates = [template for template in self._templates if not template.has_ended]

    def _processes(self) -> list[Any]:
        groups = self._supervisord.process_groups.values()
        return [process for group in groups for process in group.processes.values()]

    def _wanted(self, process: Any) -> tuple[Wanted | None, str]:
        """Return the worker, None for another process; and why it is executed, empty when it is forked."""
        try:
            worker = wanted(process)
        except (FleetError, ValueError, OSError) as error:
            return None, str(error)
        return worker, worker.obstacle if worker else ""

    def _chosen(self, process: Any, worker: Wanted) -> Template:
        """Return the template to fork a worker from, which may import still."""
        by_itself = process.state in _BY_ITSELF
        mine = getattr(process, "fleet_template", None)
        if by_itself and mine and mine.source == worker.source and mine.is_valid(by_itself):
            return mine  # type: ignore[no-any-return]
        current = self._current.get(worker.source)
        if current and current.is_valid(by_itself):
            if by_itself or self.is_settled or current.is_building or not (changed := current.changed()):
                return current
            self._logger.info(f"fleet: {current.name}: {changed} has changed, so a new one is made")
        self._current[worker.source] = made = self._new(process, worker)
        return made

    def _new(self, process: Any, worker: Wanted) -> Template:
        # The parent of a worker whose parent has ended is supervisord. Not from the start on: a daemon forks after it.
        self._libc.prctl(SET_SUBREAPER, 1, 0, 0, 0)
        environ = {**os.environ, "SUPERVISOR_ENABLED": "1"}
        if url := process.config.serverurl or self._options.serverurl:
            environ["SUPERVISOR_SERVER_URL"] = url
        template = Template(worker.source, environ, worker.environ, self._logger.info)
        self._templates.append(template)
        return template

    def _fork(self, process: Any, spawn: Spawn, worker: Wanted, template: Template) -> Any:
        """Let supervisord spawn a process by a fork of a template."""
        if template.problem:
            return self._execute(process, spawn, f"{template.name}: {template.problem}")
        return spawned(process, spawn, SpawnOptions(self._options, process, worker, template))

    def _execute(self, process: Any, spawn: Spawn, obstacle: str) -> Any:
        """Let supervisord execute a process; a worker that might have been forked says why it was not."""
        return spawned(process, spawn, SpawnOptions(self._options, process, obstacle=obstacle))


def install(supervisord: Any) -> Templates:
    """Fork the workers of a supervisord from templates; ``supervisorctl reload`` installs them again."""
    load_watchdog()
    templates = Templates(supervisord)
    spawn, kill = (getattr(method, "__wrapped__", method) for method in (Subprocess.spawn, Subprocess.kill))

    @functools.wraps(spawn)
    def spawn_from_template(process: Any) -> Any:
        return templates.spawn(process, spawn)

    @functools.wraps(kill)
    def kill_waiting(process: Any, signum: int) -> Any:
        return templates.kill(process, kill, signum)

    Subprocess.spawn, Subprocess.kill = spawn_from_template, kill_waiting
    on_each_turn(supervisord, templates.advance)
    turn_sooner(supervisord, templates.is_busy)
    return templates
