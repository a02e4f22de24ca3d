"""The life of a template: become the workers' user, import, look at itself, fork workers; in a fork, be a worker."""

import asyncio
import faulthandler
import gc
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial

from setproctitle import getproctitle

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.template.after_fork import AfterFork
from aiohttp_fleet.template.build import try_build
from aiohttp_fleet.template.fork_worker import serve_requests
from aiohttp_fleet.template.identity import become_worker, name_as_worker
from aiohttp_fleet.template.immortal import make_immortal
from aiohttp_fleet.template.import_watch import ImportWatch
from aiohttp_fleet.template.messages import NOTHING, WHOLE, Order, Report, receive, send
from aiohttp_fleet.template.share import share_application, share_libraries, share_program
from aiohttp_fleet.template.unshareable import Before
from aiohttp_fleet.template.variables import Variables
from aiohttp_fleet.template.warm_up import warm_up
from aiohttp_fleet.worker.arguments import Options, parse
from aiohttp_fleet.worker.command_line import arguments_of
from aiohttp_fleet.worker.env_files import read_env_files
from aiohttp_fleet.worker.loader import loop_factory
from aiohttp_fleet.worker.main import run
from aiohttp_fleet.worker.preflight import why_not_built
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
    warm_up()
    build = partial(try_build, partial(variables.set, order.environ))
    forked = partial(_fork_workers, end, argv[2:], options, variables, watch, title)
    if options.program and order.libraries is None:
        return share_program(options, watch, build, forked)
    report = _import(order, options, watch, partial(build, partial(why_not_built, options)))
    return run(forked(report), report.shares)


def _fork_workers(
    end: socket.socket, former: Sequence[str], options: Options, variables: Variables, watch: ImportWatch, title: str,
    report: Report,
) -> Options:  # fmt: skip
    """Report, and fork workers; return only in a worker, with its options."""
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
    request, worker = serve_requests(end, stamps)
    variables.set(request.environ)
    if options.program and report.shares == WHOLE:
        become_worker(arguments_of(worker.program), arguments_of(options.program))
    else:
        become_worker(request.arguments, former)
    set_title(os.environ.get("SUPERVISOR_PROCESS_NAME", ""), worker.program)
    after_fork.apply()
    return worker


def _import(order: Order, options: Options, watch: ImportWatch, build: Callable[[], tuple[str, list[str]]]) -> Report:
    """Import what is to be shared, with the event loop that a worker has at its import."""
    loop = loop_factory(options.loop)()
    if not options.program:  # which finds none, as it does bare
        asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(asyncio.sleep(0))  # uvloop refers to itself from its first run on
        before = Before(watch, loop)
        before.begin()
        if order.libraries is None:
            return share_application(options.app, watch, before, build)
        return share_libraries(order.libraries, watch, before, build)
    finally:
        if not options.program:
            asyncio.set_event_loop(None)
        loop.close()
