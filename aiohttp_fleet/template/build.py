"""Trials in forks that end: whether the application can be built, and whether workers can share what that imports."""

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiohttp_fleet.common.stderr_log import log_traceback
from aiohttp_fleet.template.import_watch import ImportWatch
from aiohttp_fleet.template.unshareable import Before
from aiohttp_fleet.worker.arguments import Options
from aiohttp_fleet.worker.preflight import why_not_built

T = TypeVar("T")


def try_build(options: Options, be_worker: Callable[[], None]) -> tuple[str, list[str]]:
    """Build the application in a fork.

    Args:
        options: of the workers.
        be_worker: called first, in the fork.

    Returns:
        Why it cannot be built, empty when it can; and the modules that the build has imported.
    """
    before = set(sys.modules)

    def trial() -> list[Any]:
        be_worker()
        problem = why_not_built(options)
        return [problem, [name for name in sys.modules if name not in before]]

    problem, modules = in_fork(trial) or ["the build has ended its process", []]
    return problem, modules


def can_import(names: Sequence[str], watch: ImportWatch, before: Before) -> bool:
    """Whether modules can be imported without anything that forks could not share; tried in a fork."""

    def trial() -> bool:
        before.begin()  # again: libuv opens another pipe in each fork
        import_all(names, watch)
        return not before.compare()

    return in_fork(trial) or False


def import_all(names: Sequence[str], watch: ImportWatch) -> None:
    """Import modules; one that fails is left to the application, which may not need it here."""
    with watch.on():
        for name in names:
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(name)


def in_fork(trial: Callable[[], T]) -> T | None:
    """Return what a function returns in a fork of this process, as JSON has it; None when the fork ends before."""
    with open(os.memfd_create("trial"), "w+b") as answer:  # noqa: PTH123, it is a descriptor
        sys.stdout.flush()
        if pid := os.fork():
            os.waitpid(pid, 0)
            answer.seek(0)
            text = answer.read()
            return json.loads(text) if text else None
        try:
            answer.write(json.dumps(trial()).encode())
            answer.flush()
            sys.stdout.flush()
        except BaseException as error:
            log_traceback(error)
        finally:
            os._exit(0)  # nothing that belongs to the end of this process may run twice
