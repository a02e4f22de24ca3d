"""One template: its process, what it reports, and the workers that it forks.

Nothing here waits for it, except for a fork, which takes milliseconds, and then for two seconds at most.
"""

import contextlib
import os
import pwd
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import parent
from aiohttp_fleet.plugin.template_source import Source, Wanted, template_argv
from aiohttp_fleet.template import messages
from aiohttp_fleet.template.messages import GO, NOTHING, Forked, ForkRequest, Order, Report, printable

SECONDS = 60.0
"""For the imports; an application that takes longer is considered hung."""
FORK = 2.0
"""Seconds for a fork."""
TAIL = 20
"""Lines of its output that are kept."""
CHUNK = 65536


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
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.is_hung = False
        self._environ = {**environ, **dict(source.environment)}
        self._own = own
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._partial = b""
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
        self._read_output()
        if not self.is_building:
            return
        try:
            answer = messages.receive(self._socket, Report)
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
            self._read_output()
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
        return self._ask(ForkRequest((), {}), ())[0].changed

    def fork(self, wanted: Wanted, fds: Sequence[int]) -> int:
        """Fork a worker, which is this process's child then, and return its pid.

        Args:
            wanted: the worker.
            fds: its stdin, stdout and stderr.

        Raises:
            FleetError: there is none.
        """
        forked, pipes = self._ask(ForkRequest(wanted.arguments, dict(wanted.environ)), fds)
        try:
            if forked.pid and pipes and parent(forked.pid) == os.getpid():
                os.write(pipes[0], GO)
                return forked.pid
        except BrokenPipeError:
            forked = Forked(0, problem="the worker has ended at once")
        finally:
            for pipe in pipes:
                os.close(pipe)
        self._fail(forked.problem or f"it names pid {forked.pid}, which is no child of supervisord")
        raise FleetError(self.name, self.problem, "the worker is executed")

    def _ask(self, request: ForkRequest, fds: Sequence[int]) -> tuple[Forked, list[int]]:
        problem = "it has ended"
        try:
            self._socket.settimeout(FORK)
            messages.send(self._socket, request, fds)
            forked, pipes = messages.receive_with(self._socket, Forked, 1)
            if forked:
                return messages.checked_answer(forked), pipes
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            problem = f"it does not answer ({error})"
        self._fail(problem)  # a worker that it may have forked meanwhile ends: it does not get `GO`
        return Forked(0, problem=problem), []

    def end(self) -> None:
        """End it; its workers stay."""
        self._fail(self.problem or "it was ended")

    def _start(self, libraries: Sequence[str] | None) -> None:
        self._libraries = libraries
        self._socket, theirs = messages.pair()
        self._deadline = time.monotonic() + SECONDS
        with theirs:
            try:
                self._process = subprocess.Popen(
                    template_argv(self.source, theirs.fileno()),
                    cwd=self.source.directory,
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs.fileno()],
                    process_group=0,
                    umask=-1 if self.source.umask is None else self.source.umask,
                    **_user(self.source.uid),
                )
                self._pidfd = os.pidfd_open(self._process.pid)
                messages.send(self._socket, Order(dict(self._own), libraries))
            except (OSError, subprocess.SubprocessError) as error:
                self._fail(f"it cannot be run ({error})")
                return
        assert self._process.stdout is not None  # it is a pipe
        os.set_blocking(self._process.stdout.fileno(), False)
        self._socket.setblocking(False)

    def _read_output(self) -> None:
        """Log what it has printed; without waiting."""
        if not self._process or not self._process.stdout:
            return
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._process.stdout.fileno(), CHUNK):
                self._partial += data
        *lines, self._partial = self._partial[-CHUNK:].split(b"\n")
        for line in lines:
            text = printable(line.decode(errors="replace"))
            self.tail.append(text)
            self._log(f"fleet: {self.name}: {text}")

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self._close()

    def _close(self) -> None:
        """End the process, and forget it."""
        self._read_output()
        self._kill()
        self._socket.close()
        if self._process and self._process.stdout:
            self._process.stdout.close()
            self._process.returncode = 0  # supervisord reaps it; Popen must not, its number may be a worker's by then
        self._process = None

    def _kill(self) -> None:
        """Kill it, with its trial; workers are in groups of their own."""
        if self._process and self._pidfd >= 0:
            if not select.select([self._pidfd], [], [], 0)[0]:  # it has not ended, so its number is its own
                os.killpg(self._process.pid, signal.SIGKILL)
            os.close(self._pidfd)
            self._pidfd = -1


def _user(uid: int | None) -> dict[str, Any]:
    """Return the arguments of Popen for the user of a program."""
    if uid is None or os.geteuid() != 0:
        return {}
    user = pwd.getpwuid(uid)
    return {"user": uid, "group": user.pw_gid, "extra_groups": os.getgrouplist(user.pw_name, user.pw_gid)}
