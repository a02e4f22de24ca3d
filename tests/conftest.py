"""Fixtures: a private directory, worker processes and whole fleets; the report of a failed test has their logs."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import forked, installed
from tests.place import sandbox
from tests.site import Site
from tests.worker_process import WorkerProcess

EVIDENCE = pytest.StashKey[Iterable[Callable[[], str]]]()
"""Functions that return the logs of the processes of a test, for the report when it fails."""
SHARED = "FLEET_TESTS"
"""Variable with the directory that all processes of a test run share."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the shared directory in the process that starts the others, and remove it at its end.

    Signals that a shell ignores for what runs in the background, or nohup, would be ignored by all that tests start.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    config.add_cleanup(forked.end)
    if SHARED not in os.environ:
        os.environ[SHARED] = tempfile.mkdtemp(prefix="af")
        Path(os.environ[SHARED]).chmod(0o755)
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(SHARED)))


@pytest.fixture(scope="session")
def wheel() -> Path:
    """Build the wheel, once for all tests."""
    return installed.wheel(Path(os.environ[SHARED]))


@pytest.fixture(scope="session")
def commands(wheel: Path) -> Path:
    """Install the wheel where nothing else is, once for all tests, and return the directory of the commands."""
    return installed.commands(wheel)


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a private directory for the test."""
    with sandbox() as directory:
        yield directory


@pytest.fixture
def worker(place: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., WorkerProcess]]:
    """Start workers on ``web.sock`` in the private directory."""
    with ExitStack() as stack:

        def start(*arguments: Any, path: Path = place / "web.sock", **keywords: Any) -> WorkerProcess:
            process = WorkerProcess(path, *arguments, **keywords)
            stack.callback(process.stop)
            request.node.stash[EVIDENCE] = [*request.node.stash.get(EVIDENCE, []), lambda: process.log]
            return process

        yield start


@pytest.fixture
def site(place: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Site]]:
    """Make fleets in the private directory; `Site.start` starts one."""
    with ExitStack() as stack:

        def make(*arguments: Any, **keywords: Any) -> Site:
            made = Site(place, *arguments, **keywords)
            stack.callback(made.stop)
            request.node.stash[EVIDENCE] = [made.evidence]
            return made

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Attach logs and configuration files to the report of a failed test: of what it started, of fleets it shares."""
    report = yield
    if report.failed and call.when == "call":
        shared = [value.evidence for value in getattr(item, "funcargs", {}).values() if isinstance(value, Site)]
        for number, logs in enumerate(dict.fromkeys([*item.stash.get(EVIDENCE, []), *shared])):
            report.sections.append((f"evidence {number}", logs()))
    return report
