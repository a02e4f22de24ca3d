"""Trials in forks that end: whether the application can be built, and whether workers can share what that imports."""

import contextlib
import importlib
import io
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from aiohttp_fleet.template.import_watch import ImportWatch
from aiohttp_fleet.template.in_fork import in_fork
from aiohttp_fleet.template.unshareable import Before


def try_build(be_worker: Callable[[], None], build: Callable[[Callable[[], NoReturn]], str]) -> tuple[str, list[str]]:
    """Build the application in a fork.

    Args:
        be_worker: called first, in the fork.
        build: returns why it cannot be built, or calls its argument when it is built, which ends the fork.

    Returns:
        Why it cannot be built, empty when it can; and the modules that the build has imported.
    """
    before = set(sys.modules)

    def result(problem: str) -> list[Any]:
        return [problem, [name for name in sys.modules if name not in before]]

    def trial(answer: Callable[[list[Any]], NoReturn]) -> list[Any]:
        be_worker()
        return result(build(lambda: answer(result(""))))

    problem, modules = in_fork(trial) or ["the build has ended its process", []]
    return problem, modules


def import_shareable(names: Sequence[str], watch: ImportWatch, before: Before) -> None:
    """Import modules: all, or each package whose import leaves nothing that forks could not share."""
    if not names:
        return
    if _can_import(names, watch, before):
        _import_all(names, watch)
        return
    packages = defaultdict[str, list[str]](list)
    for name in names:
        packages[name.partition(".")[0]].append(name)
    for modules in packages.values():
        if _can_import(modules, watch, before):
            _import_all(modules, watch)


def _can_import(names: Sequence[str], watch: ImportWatch, before: Before) -> bool:
    """Whether that leaves nothing that forks could not share; tried in a fork."""

    def trial(answer: object) -> bool:
        before.begin()  # again: libuv opens another pipe in each fork
        nowhere = io.StringIO()  # what it prints is printed by the import itself, and by each worker
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            _import_all(names, watch)
        return not before.compare()

    return in_fork(trial) or False


def _import_all(names: Sequence[str], watch: ImportWatch) -> None:
    """Import modules; one that fails is left to the application, which may not need it here."""
    with watch.on():
        for name in names:
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(name)
