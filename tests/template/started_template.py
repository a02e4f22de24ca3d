"""A template without supervisord: its caller is the plugin."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.template import messages
from aiohttp_fleet.template.messages import GO, Forked, ForkRequest, Order, Report
from tests.wait import until

PATIENCE = 30
"""Seconds for its imports, on a machine that is busy."""


class StartedTemplate:
    """A template of the module ``shop`` in a directory.

    Args:
        place: the directory.
        options: of the worker.
        program: what it runs in place of ``shop:create_app``.

    Attributes:
        python: the interpreter.
    """

    def __init__(self, place: Path, *options: str, program: Sequence[str] = ()) -> None:
        self.place = place
        self._program = program
        self.python = sys.executable
        self.log = place / "template.log"
        self._options = options
        self._end: socket.socket | None = None

    def start(
        self, environ: dict[str, str] | None = None, libraries: Sequence[str] | None = None, **variables: str
    ) -> Report:
        """Start it, and return its report.

        Args:
            environ: the variables of a worker.
            libraries: what to import instead of the application.
            variables: of its own.
        """
        self._end, theirs = messages.pair()
        command = [self.python, "-m", "aiohttp_fleet.template", str(theirs.fileno()), "shop"]
        with theirs, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *self.arguments("web.sock")],
                cwd=self.place,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        self._end.settimeout(PATIENCE)
        messages.send(self._end, Order(environ or {}, libraries))
        report = messages.receive(self._end, Report)
        assert report, self.log.read_text()
        return report

    def changed(self) -> str:
        """Return the file that has changed."""
        return self._ask(ForkRequest((), {}), []).changed

    def fork(self, environ: dict[str, str] | None = None) -> str:
        """Fork a worker and return what it has printed when it is ready; end it."""
        pid, output = self.fork_worker("web.sock", environ)
        until(
            "the worker to be ready, or to have ended",
            lambda: "ready on" in output.read_text() or not is_running(pid),
        )
        text = output.read_text()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
        until("its end", lambda: not is_running(pid))
        assert "ready on" in text, text
        return text

    def fork_worker(self, name: str, environ: dict[str, str] | None = None) -> tuple[int, Path]:
        """Fork a worker that serves the socket with this name, and return its pid and the file with its output."""
        output = self.place / f"worker-{len(list(self.place.glob('worker-*')))}"
        with output.open("wb") as file, Path(os.devnull).open("rb") as null:
            go, ours = os.pipe()
            fds = [null.fileno(), file.fileno(), file.fileno(), go]
            forked = self._ask(ForkRequest(self.arguments(name), environ or {}), fds)
        os.write(ours, GO)
        os.close(ours)
        os.close(go)
        return forked.pid, output

    def _ask(self, request: ForkRequest, fds: list[int]) -> Forked:
        assert self._end is not None
        messages.send(self._end, request, fds)
        answer = messages.receive(self._end, Forked)
        assert answer, self.log.read_text()
        return answer

    def arguments(self, name: str) -> tuple[str, ...]:
        """Return the command line of a worker that serves the socket with this name."""
        options = (f"--path={self.place}/{name}", "--user=root", *self._options)
        return (*options, *self._program) if self._program else ("shop:create_app", *options)

    def stop(self) -> None:
        """Close the socket, which ends it."""
        if self._end:
            self._end.close()
            self.process.wait(PATIENCE)
