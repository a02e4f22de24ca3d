"""Fixtures: a private place, worker processes and whole sites; the logs of a failed test go into its report."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.place import sandbox
from tests.site import Site
from tests.worker_process import WorkerProcess

EVIDENCE = pytest.StashKey[Iterable[Callable[[], str]]]()
"""What a test's processes can tell when it has failed."""


@pytest.fixture
def place() -> Iterator[Path]:
    """Give the test a directory of its own."""
    with sandbox() as directory:
        yield directory


@pytest.fixture
def worker(place: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., WorkerProcess]]:
    """Start workers on ``web.sock`` in the place."""
    with ExitStack() as stack:

        def start(*arguments: Any, path: Path = place / "web.sock", **keywords: Any) -> WorkerProcess:
            process = WorkerProcess(path, *arguments, **keywords)
            stack.callback(process.stop)
            request.node.stash[EVIDENCE] = [*request.node.stash.get(EVIDENCE, []), lambda: process.log]
            return process

        yield start


@pytest.fixture
def site(place: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Site]]:
    """Make sites in the place; `Site.start` starts one."""
    with ExitStack() as stack:

        def make(*arguments: Any, **keywords: Any) -> Site:
            made = Site(place, *arguments, **keywords)
            stack.callback(made.stop)
            request.node.stash[EVIDENCE] = [made.evidence]
            return made

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Attach logs and configuration files to the report of a failed test."""
    report = yield
    if report.failed and call.when == "call":
        for number, tell in enumerate(item.stash.get(EVIDENCE, [])):
            report.sections.append((f"evidence {number}", tell()))
    return report
