"""A template and two workers of an application, asked in turn."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.template.messages import NOTHING
from tests.http import Client
from tests.template.started_template import StartedTemplate
from tests.wait import until

NAMES = ("one.sock", "other.sock")
END = 8
"""Seconds for the end of a worker."""


def started(template: StartedTemplate) -> tuple[str, str]:
    """Start it, again for the libraries alone where it must, as the plugin does; what they share, and why no more."""
    found = list[str]()
    libraries: Sequence[str] | None = None
    while True:
        report = template.start(libraries=libraries)
        if report.shares != NOTHING or libraries == []:
            return report.shares, "; ".join(filter(None, [*found, report.problem]))
        template.stop()
        found += [each for each in report.found if each not in found]
        libraries = report.libraries


@contextmanager
def worker(template: StartedTemplate, shares: str, name: str) -> Iterator[Path]:
    """Run a worker, forked or executed, and give the file with its output, which says when it does not end."""
    if shares == NOTHING:
        output = template.place / f"executed-{name}"
        command = [sys.executable, "-m", "aiohttp_fleet.worker", *template.arguments(name)]
        with output.open("wb") as file:
            pid = subprocess.Popen(command, cwd=template.place, stdout=file, stderr=file, process_group=0).pid
    else:
        pid, output = template.fork_worker(name)
    until("the worker", lambda: "ready on" in output.read_text() or not is_running(pid))
    assert is_running(pid), output.read_text().strip().splitlines()[-1:]
    try:
        yield output
    finally:
        os.kill(pid, signal.SIGTERM)
        try:
            until("its end", lambda: not is_running(pid), END)
        except AssertionError:
            with output.open("a") as file:
                file.write("did not end\n")
            os.kill(pid, signal.SIGABRT)


def answers(place: Path, differ: bool) -> str:
    """Ask the one, the other, and the one again; return "yes", or what is wrong."""
    bodies = []
    for name in (*NAMES, NAMES[0]):
        with Client(place / name) as client:
            status, _, body = client.get()
            if status != 200:
                return f"**no**: {body.decode(errors='replace')[:200]}"
            bodies.append(body)
    if differ and len(set(bodies)) < len(bodies):
        return f"**no**: the same, {bodies[0].decode()[:60]}"
    return "yes"
