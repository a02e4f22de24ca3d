"""One template: what it reports, and the workers that it forks.

Nothing here waits for it, except for a fork, which takes milliseconds, and then for two seconds at most.
"""

import os
import subprocess
import time
from collections.abc import Callable, Container, Mapping, Sequence

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import parent
from aiohttp_fleet.plugin.template_process import TemplateProcess
from aiohttp_fleet.plugin.template_source import Source, Wanted
from aiohttp_fleet.template import messages
from aiohttp_fleet.template.messages import GO, NOTHING, Forked, ForkRequest, Order, Report
from aiohttp_fleet.worker.process import enlarge_output_pipes

SECONDS = 60.0
"""For the imports; an application that takes longer is considered hung."""
FORK = 2.0
"""Seconds for a fork."""


class Template:
    """A template, from its start to its end.

    Args:
        source: of what it is made.
        environ: supervisord's environment, with what it sets for all programs.
        own: the variables that each worker has with a value of its own, with those of one.
        log: gets each line of its output.

    Attributes:
        source: of what it is made.
        report: what it has said last; None before.
        found: what workers cannot share, a sentence each.
        problem: why no worker can be forked from it; empty while it imports, and when they can.
        is_hung: whether that is because the import takes too long.
        tail: the last lines of its output.
    """

    def __init__(
        self, source: Source, environ: Mapping[str, str], own: Mapping[str, str], log: Callable[[str], None]
    ) -> None:
        self.source = source
        self.report: Report | None = None
        self.found: Sequence[str] = ()
        self.problem = ""
        self.tail: Sequence[str] = ()
        self.is_hung = False
        self._environ = {**environ, **dict(source.environment)}
        self._own = own
        self._log = log
        self._process: TemplateProcess | None = None
        self._start(None)

    @property
    def is_building(self) -> bool:
        """Whether it imports."""
        return self.report is None and not self.problem

    @property
    def has_ended(self) -> bool:
        """Whether there is no process any more."""
        return self._process is None

    def is_valid(self, by_itself: bool) -> bool:
        """Whether it decides how a worker starts: forked from it, or executed because of its problem.

        Args:
            by_itself: whether supervisord starts the worker again without a command.
        """
        if not self.problem:
            return by_itself or not (self.report and self.report.problem)
        if self.report:  # it was ready, and has ended since
            return False
        return by_itself or self.is_hung

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"template of {self.source.program}"

    def poll(self) -> None:
        """Read what it has said."""
        if self._process:
            self._process.read_output()
        if not (self._process and self.is_building):
            return
        try:
            answer = messages.receive(self._process.socket, Report)
            report = messages.checked_report(answer) if answer else None
        except BlockingIOError:
            if time.monotonic() >= self._deadline:
                self._fail(f"it has not imported the application in {SECONDS:g} s")
                self.is_hung = True
            return
        except (OSError, ValueError) as error:
            self._fail(f"it does not answer ({error})")
            return
        if report is None:
            self._process.read_output()
            self._fail(f"it has ended ({self.tail[-1] if self.tail else 'without a word'})")
        elif report.shares == NOTHING and (report.problem or self._libraries == ()):
            self._fail(report.problem or "; ".join(report.found))
        elif report.shares == NOTHING:
            self.found = [*self.found, *report.found]
            self._close()
            self._start(report.libraries)
        else:
            self.report = report

    def changed(self) -> str:
        """Name a file that has changed since the template has read it; empty when none has, or it does not answer."""
        return self._ask(ForkRequest((), {}), ()).changed

    def fork(self, wanted: Wanted, fds: Sequence[int], known: Container[int]) -> int:
        """Fork a worker, which is this process's child then, and return its pid.

        Args:
            wanted: the worker.
            fds: its stdin, stdout and stderr.
            known: pids of other children; a template, which runs the application's code, might name one.

        Raises:
            FleetError: there is none.
        """
        enlarge_output_pipes(fds[1:])  # here: the template may no longer be root
        go, ours = os.pipe()
        try:
            forked = self._ask(ForkRequest(wanted.arguments, dict(wanted.environ)), (*fds, go))
            if forked.pid and forked.pid not in known and parent(forked.pid) == os.getpid():
                os.write(ours, GO)
                return forked.pid
        finally:
            os.close(go)
            os.close(ours)
        self._fail(forked.problem or f"it names pid {forked.pid}, which is no new child of supervisord")
        raise FleetError(self.name, self.problem, "the worker is executed")

    def _ask(self, request: ForkRequest, fds: Sequence[int]) -> Forked:
        problem = "it has ended"
        try:
            if self._process:
                self._process.socket.settimeout(FORK)
                messages.send(self._process.socket, request, fds)
                if forked := messages.receive(self._process.socket, Forked):
                    return messages.checked_answer(forked)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            problem = f"it does not answer ({error})"
        self._fail(problem)  # a worker that it may have forked meanwhile ends: it does not get `GO`
        return Forked(0, problem=problem)

    def end(self) -> None:
        """End it; its workers stay."""
        self._fail(self.problem or "it was ended")

    def _start(self, libraries: Sequence[str] | None) -> None:
        self._libraries = libraries
        self._deadline = time.monotonic() + SECONDS
        order = Order(dict(self._own), libraries)
        try:
            self._process = TemplateProcess(self.source, self._environ, order, self._print)
            self.tail = self._process.tail
        except (OSError, subprocess.SubprocessError) as error:
            self._fail(f"it cannot be run ({error})")

    def _print(self, line: str) -> None:
        self._log(f"fleet: {self.name}: {line}")

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self._close()

    def _close(self) -> None:
        """End the process, and forget it."""
        if self._process:
            self._process.end()
        self._process = None
