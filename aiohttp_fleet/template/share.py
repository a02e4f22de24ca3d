"""What the workers of a template share: the application, or its program up to ``web.run_app``; else the libraries."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, NoReturn

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.template.build import import_shareable
from aiohttp_fleet.template.import_watch import ImportWatch
from aiohttp_fleet.template.messages import LIBRARIES, NOTHING, WHOLE, Report
from aiohttp_fleet.template.unshareable import Before, Unshareable, is_of_project
from aiohttp_fleet.worker.arguments import Options
from aiohttp_fleet.worker.loader import find
from aiohttp_fleet.worker.main import take_over
from aiohttp_fleet.worker.own_port import watch_ports
from aiohttp_fleet.worker.preflight import PreflightHandOver
from aiohttp_fleet.worker.program import run_to_its_end
from aiohttp_fleet.worker.serving import Serving

Build = Callable[[], tuple[str, list[str]]]


def share_application(app: str, watch: ImportWatch, before: Before, build: Build) -> Report:
    """Import ``MODULE:NAME``; return what workers share then."""
    known, found = set(sys.modules), []
    try:
        with watch.on():
            find(app)
    except FleetError as error:
        found.append(Unshareable("", f"cannot be imported by a template ({error})"))
    return _report(known, watch, before, build, found)


def share_libraries(names: Sequence[str], watch: ImportWatch, before: Before, build: Build) -> Report:
    """Import modules that are not the project's; return what workers share then."""
    import_shareable(names, watch, before)
    if found := before.compare():
        return Report(NOTHING, "", list(map(str, found)))
    problem, _ = build()
    return Report(LIBRARIES, problem)


def share_program(
    options: Options,
    watch: ImportWatch,
    build: Callable[[Callable[[Callable[[], NoReturn]], str]], tuple[str, list[str]]],
    forked: Callable[[Report], Options],
) -> int:
    """Run the program up to its ``web.run_app``, and fork workers there: each goes on as if it had come so far itself.

    Args:
        options: of the workers.
        watch: of what it does until then.
        build: tries in a fork what `PreflightHandOver` can end.
        forked: reports and forks workers; returns in a worker only.

    Returns:
        The exit code of the worker.
    """
    known, before, workers = set(sys.modules), Before(watch, None), list[Options]()
    run_app, watching, serving = web.run_app, ExitStack(), list[Serving]()

    def not_shared(what: str) -> NoReturn:
        watching.close()
        forked(_not_shared(known, [*before.compare(), Unshareable("", what)]))
        raise AssertionError("a template that shares nothing has ended")

    def fork_workers(app: Any, **settings: Any) -> None:
        if workers:  # the program serves again, or by a name that it has bound before
            return run_app(app, **settings)
        watching.close()
        serves()
        web.run_app = run_app
        report = _report(known, watch, before, partial(build, partial(_why_not_run, run_app, app, settings, options)))
        workers.append(forked(report))
        serving.append(take_over(workers[0], report.shares))
        return run_app(app, **settings)

    web.run_app = fork_workers
    early = partial(not_shared, "starts an event loop before it serves, not by web.run_app")
    PreflightHandOver(options, early).install()
    serves = watch_ports(options.app)
    before.begin()
    watching.enter_context(watch.on())
    try:
        return run_to_its_end(options, serving)
    except FleetError as error:
        if not workers:
            not_shared(f"cannot be run by a template ({error})")
        log_line(str(error))
        return 1


def _why_not_run(
    run_app: Callable[..., None], app: Any, settings: dict[str, Any], options: Options,
    handed_over: Callable[[], NoReturn],
) -> str:  # fmt: skip
    """Do what ``web.run_app`` does before it serves; return why that fails."""
    PreflightHandOver(options, handed_over).install()
    try:
        run_app(app, **settings)
    except BaseException as error:
        log_traceback(error)
        return f"preflight: {options.app} was not built ({type(error).__name__}: {error})"
    return f"preflight: {options.app} serves nothing"


def _report(
    known: set[str], watch: ImportWatch, before: Before, build: Build, found: Sequence[Unshareable] = ()
) -> Report:
    if found := [*before.compare(), *found]:
        return _not_shared(known, found)
    problem, modules = build()
    import_shareable(modules, watch, before)
    return Report(WHOLE, problem)


def _not_shared(known: set[str], found: Sequence[Unshareable]) -> Report:
    names = _without(found, [name for name in sys.modules if name not in known])
    return Report(NOTHING, "", list(map(str, found)), names)


def _without(found: Sequence[Unshareable], names: list[str]) -> list[str]:
    """Return the modules outside of the project, without the packages that have made what is not shareable."""
    packages = {each.module.partition(".")[0] for each in found}
    return [name for name in names if name.partition(".")[0] not in packages and not is_of_project(sys.modules[name])]
