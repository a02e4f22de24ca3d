"""The standby runs what the workers run: its command, directory and environment are taken from theirs."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiohttp_fleet.common.argument_types import RaisingParser
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.worker.arguments import control_path

MODULE = "aiohttp_fleet.standby"
NUMBER = "WORKER_NUMBER"
"""The variable that has a worker's number, and the standby's 0."""


def standby_arguments(words: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments of ``python -m aiohttp_fleet.standby``: conf, program, path (all its sockets), control.

    Args:
        words: what follows the module.

    Raises:
        ValueError: they are wrong.
        SystemExit: after ``--help``.
    """
    purpose = "Run the workers' command on the standby's socket."
    parser = RaisingParser(prog=f"python -m {MODULE}", description=purpose, allow_abbrev=False)
    parser.add_argument("conf", help="supervisord.conf")
    parser.add_argument("--program", default="aiohttp", help="the workers' program (default: %(default)s)")
    parser.add_argument("--path", action="append", required=True, help="its socket; several times for several sockets")
    parser.add_argument("--control", help="its control socket (default: the first --path with .ctl)")
    return parser.parse_args(words)


def socket_flags() -> argparse.ArgumentParser:
    """Return a parser of the flags in which the commands of a fleet differ; any command that has them is a worker."""
    parser = RaisingParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--path", action="append")
    parser.add_argument("--control")
    return parser


def is_standby(argv: Sequence[str]) -> bool:
    """Whether a command line is ``python -m aiohttp_fleet.standby``."""
    return list(argv[1:3]) == ["-m", MODULE]


def standby_of(workers: Sequence[Worker], standby: Worker, arguments: argparse.Namespace) -> Worker:
    """Return the standby with the workers' command, directory and environment.

    Args:
        workers: the workers; the first one's command is taken, without its sockets.
        standby: what ``[program:standby]`` says; variables of its own ``environment=`` win.
        arguments: of its command.
    """
    first = workers[0]
    own = [f"--path={path}" for path in arguments.path]
    if arguments.control:
        own.append(f"--control={arguments.control}")
    return replace(
        standby,
        sockets=tuple(arguments.path),
        control=arguments.control or control_path(arguments.path[0]),
        argv=(*socket_flags().parse_known_args(first.argv)[1], *own),
        command=first.command,
        directory=first.directory,
        environment={**common_environment(workers), NUMBER: "0", **standby.environment},
        drain=first.drain,
    )


def common_environment(workers: Sequence[Worker]) -> Mapping[str, str]:
    """Return the variables that all workers have with the same value, but for their number."""
    first, *others = (worker.environment.items() for worker in workers)
    return {name: value for name, value in first if name != NUMBER and all((name, value) in other for other in others)}
