"""A template without supervisord: this test is the plugin."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.template import messages
from aiohttp_fleet.template.messages import GO, Forked, ForkRequest, Order, Report
from tests.wait import until

APP = "from aiohttp import web\ndef create_app(): return web.Application()\n"
PATIENCE = 30
"""Seconds for its imports, on a machine that is busy."""


class StartedTemplate:
    """A template of the module ``shop`` in a directory.

    Args:
        place: the directory.
        options: of the worker.

    Attributes:
        python: the interpreter.
    """

    def __init__(self, place: Path, *options: str) -> None:
        self.place = place
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
        command = [self.python, "-m", "aiohttp_fleet.template", str(theirs.fileno()), "shop", "shop:create_app"]
        with theirs, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, f"--path={self.place}/web.sock", "--user=root", *self._options],
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
        return self._ask(ForkRequest((), {}), [])[0].changed

    def fork(self, environ: dict[str, str] | None = None) -> str:
        """Fork a worker and return what it has printed when it is ready; end it."""
        output = self.place / f"worker-{len(list(self.place.glob('worker-*')))}"
        with output.open("wb") as file, Path(os.devnull).open("rb") as null:
            fds = [null.fileno(), file.fileno(), file.fileno()]
            forked, (go,) = self._ask(ForkRequest(self._arguments, environ or {}), fds)
            os.write(go, GO)
            os.close(go)
        until(
            "the worker to be ready, or to have ended",
            lambda: "ready on" in output.read_text() or not is_running(forked.pid),
        )
        text = output.read_text()
        with contextlib.suppress(ProcessLookupError):
            os.kill(forked.pid, 9)
        until("its end", lambda: not is_running(forked.pid))
        assert "ready on" in text, text
        return text

    def _ask(self, request: ForkRequest, fds: list[int]) -> tuple[Forked, list[int]]:
        assert self._end is not None
        messages.send(self._end, request, fds)
        answer, pipes = messages.receive_with(self._end, Forked, 1)
        assert answer, self.log.read_text()
        return answer, pipes

    @property
    def _arguments(self) -> tuple[str, ...]:
        return ("shop:create_app", f"--path={self.place}/web.sock", "--user=root", *self._options)

    def stop(self) -> None:
        """Close the socket, which ends it."""
        if self._end:
            self._end.close()
            self.process.wait(PATIENCE)


Shop = Callable[..., StartedTemplate]


@pytest.fixture
def shop(place: Path) -> Iterator[Shop]:
    """Return what makes a template of an application with such code at its end; all are stopped at the end."""
    made: list[StartedTemplate] = []

    def make(code: str = "", *options: str) -> StartedTemplate:
        (place / "shop.py").write_text(APP + code)
        made.append(StartedTemplate(place, *options))
        return made[-1]

    yield make
    for template in made:
        template.stop()
