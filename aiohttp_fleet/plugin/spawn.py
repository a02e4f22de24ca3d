"""How supervisord spawns a worker from a template: at once, or when the template has imported the application."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from supervisor.states import ProcessStates

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.plugin.fork_watchdog import become_watchdog, is_watchdog
from aiohttp_fleet.plugin.template import Template
from aiohttp_fleet.plugin.template_source import OFF, Wanted

AHEAD = 60.0
"""Seconds; as the start of a process that waits for its template lies ahead, it is not RUNNING after startsecs."""

Spawn = Callable[[Any], Any]
"""``Subprocess.spawn``."""


@dataclass
class Waiting:
    """A process whose template imports: STARTING, without a pid."""

    process: Any
    spawn: Spawn
    worker: Wanted
    template: Template

    def __post_init__(self) -> None:
        self.before = self.process.state
        process = self.process
        process.killing = process.administrative_stop = process.system_stop = False
        process.spawnerr = process.exitstatus = None
        self.hold()

    def hold(self) -> None:
        """Keep it STARTING (supervisor/process.py, transition)."""
        self.process.state, self.process.laststart = ProcessStates.STARTING, time.time() + AHEAD

    def release(self) -> None:
        """Let it be what it was."""
        self.process.state = self.before


class SpawnOptions:
    """supervisor's options while a process is spawned.

    Args:
        options: the options.
        process: the process.
        worker: what is to be forked.
        template: what from; None to execute it.
        obstacle: why it is executed.
    """

    def __init__(
        self,
        options: Any,
        process: Any,
        worker: Wanted | None = None,
        template: Template | None = None,
        obstacle: str = "",
    ) -> None:
        self._options = options
        self._process = process
        self._worker = worker
        self._template = template
        self._obstacle = obstacle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._options, name)

    def fork(self) -> int:
        """Return the pid of a new child: a worker forked from the template, else supervisord's own fork."""
        if self._template and self._worker:
            pipes = self._process.pipes
            stderr = "child_stdout" if self._process.config.redirect_stderr else "child_stderr"
            try:
                fds = [pipes[name] for name in ("child_stdin", "child_stdout", stderr)]
                return self._template.fork(self._worker, fds, self._options.pidhistory)
            except FleetError as error:
                self._obstacle = str(error)
        return int(self._options.fork())

    def execve(self, filename: str, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        """Become the program, in the child."""
        if is_watchdog(self._process.config, filename, argv, environ):
            become_watchdog(argv, environ)
        if self._obstacle and self._obstacle != OFF:
            at, name = time.strftime("%Y-%m-%d %H:%M:%S"), self._process.config.name
            os.write(2, f"{at} {name}: executed, not forked: {self._obstacle}\n".encode(errors="replace"))
        self._options.execve(filename, argv, environ)


def spawned(process: Any, spawn: Spawn, options: SpawnOptions) -> Any:
    """Spawn a process with other options than supervisord's."""
    process.config.options, before = options, process.config.options
    try:
        return spawn(process)
    finally:
        process.config.options = before
