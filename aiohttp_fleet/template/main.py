"""The life of a template: become the workers' user, import, look at itself, fork workers; in a fork, be a worker."""

import asyncio
import faulthandler
import gc
import os
import socket
import sys
from collections.abc import Callable, Sequence
from functools import partial

from setproctitle import getproctitle

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.template.after_fork import AfterFork
from aiohttp_fleet.template.build import import_shareable, try_build
from aiohttp_fleet.template.fork_worker import serve_requests
from aiohttp_fleet.template.identity import become_worker, name_as_worker
from aiohttp_fleet.template.immortal import make_immortal
from aiohttp_fleet.template.import_watch import ImportWatch
from aiohttp_fleet.template.messages import LIBRARIES, NOTHING, WHOLE, Order, Report, receive, send
from aiohttp_fleet.template.unshareable import Before, Unshareable, is_of_project
from aiohttp_fleet.template.variables import Variables
from aiohttp_fleet.template.warm_up import warm_up
from aiohttp_fleet.worker.arguments import Options, parse
from aiohttp_fleet.worker.env_files import read_env_files
from aiohttp_fleet.worker.loader import find, loop_factory
from aiohttp_fleet.worker.main import run
from aiohttp_fleet.worker.process import become, set_title


def main(argv: list[str]) -> int:
    """Be a template until the plugin closes its socket; in a worker that it forks, run that one to its end.

    Args:
        argv: the number of the socket's descriptor, the program's name, and the command line of one of the workers.

    Returns:
        The exit code of the worker.
    """
    end = socket.socket(fileno=int(argv[0]))
    end.set_inheritable(False)
    options = parse(argv[2:])
    faulthandler.enable()
    set_title(f"{argv[1]} template")
    title = getproctitle()
    order = receive(end, Order)
    if order is None:
        return 0
    raise_file_limit()  # before the import, which may lower it, and before the limit is another user's
    try:
        variables = Variables(read_env_files(options.env_files), order.environ)
        become(options.user, options.gid)
    except FleetError as error:
        send(end, Report(NOTHING, problem=str(error)))
        return 1
    name_as_worker(argv[2:], len(argv) + 1)
    watch = ImportWatch(options.env_files, variables.names)
    report = _prepare(order, options, watch, variables)
    stamps = watch.stamps()
    if report.shares == NOTHING:
        send(end, report)
        os._exit(0)  # it may have threads, and is not the process whose end the application knows
    watch.end()
    gc.collect()
    after_fork = AfterFork(watch, title)
    make_immortal()
    gc.freeze()  # a collection would write to every object, and so unshare its page
    send(end, report)
    request, options = serve_requests(end, stamps)
    variables.set(request.environ)
    become_worker(request.arguments, argv[2:])
    set_title(os.environ.get("SUPERVISOR_PROCESS_NAME", ""))
    after_fork.apply()
    return run(options, report.shares)


def _prepare(order: Order, options: Options, watch: ImportWatch, variables: Variables) -> Report:
    """Import what is to be shared, with the event loop that a worker has at its import."""
    warm_up()
    loop = loop_factory(options.loop)()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(asyncio.sleep(0))  # uvloop refers to itself from its first run on
        before = Before(watch, loop)
        before.begin()
        build = partial(try_build, options, partial(variables.set, order.environ))
        if order.libraries is None:
            return _application(options.app, watch, before, build)
        return _libraries(order.libraries, watch, before, build)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


Build = Callable[[], tuple[str, list[str]]]


def _application(app: str, watch: ImportWatch, before: Before, build: Build) -> Report:
    known, found = set(sys.modules), []
    try:
        with watch.on():
            find(app)
    except FleetError as error:
        found.append(Unshareable("", f"cannot be imported by a template ({error})"))
    if found := [*before.compare(), *found]:
        return Report(
            NOTHING, "", list(map(str, found)), _without(found, [name for name in sys.modules if name not in known])
        )
    problem, modules = build()
    import_shareable(modules, watch, before)
    return Report(WHOLE, problem)


def _libraries(names: Sequence[str], watch: ImportWatch, before: Before, build: Build) -> Report:
    import_shareable(names, watch, before)
    if found := before.compare():
        return Report(NOTHING, "", list(map(str, found)))
    problem, _ = build()
    return Report(LIBRARIES, problem)


def _without(found: list[Unshareable], names: list[str]) -> list[str]:
    """Return the modules outside of the project, without the packages that have made what is not shareable."""
    packages = {each.module.partition(".")[0] for each in found}
    return [name for name in names if name.partition(".")[0] not in packages and not is_of_project(sys.modules[name])]
