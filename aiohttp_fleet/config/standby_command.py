"""The standby runs what the workers run: its command, directory and environment are taken from theirs."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace

from aiohttp_fleet.common.argument_types import RaisingParser
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.worker import command_line
from aiohttp_fleet.worker.arguments import control_path

MODULE = "aiohttp_fleet.standby"
WORKER = "aiohttp_fleet.worker"
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


def split(argv: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a command line into a worker's own words and those of the program that it runs, see `command_line.split`.

    Args:
        argv: the command line; one without the kit's worker has no program.
    """
    at = argv.index(WORKER) + 1 if WORKER in argv else len(argv)
    own, program = command_line.split(argv[at:])
    return (*argv[:at], *own), program


def read_flags(parser: argparse.ArgumentParser, argv: Sequence[str]) -> tuple[argparse.Namespace, tuple[str, ...]]:
    """Parse the flags of a worker's own; a ``--path`` of its program's where it has none.

    Args:
        parser: of `socket_flags`, perhaps with more.
        argv: the command line.

    Returns:
        The flags, and the command line without them.

    Raises:
        ValueError: they are wrong.
    """
    own, program = split(argv)
    flags, rest = parser.parse_known_args(own)
    if not program or not command_line.shares_path(own):
        return flags, (*rest, *program)
    flags.path, left = command_line.take_paths(program)
    return flags, (*rest, *left)


def with_sockets(argv: Sequence[str], sockets: Sequence[str]) -> tuple[str, ...]:
    """Return a worker's command line with other sockets.

    Args:
        argv: the command line.
        sockets: the flags that name them.
    """
    own, program = split(argv)
    rest = socket_flags().parse_known_args(own)[1]
    if not program or not command_line.shares_path(own):
        return (*rest, *sockets, *program)
    return (*rest, *sockets, *command_line.take_paths(program)[1], *sockets[:1])


def with_options(argv: Sequence[str], *options: str) -> list[str]:
    """Return a worker's command line with further options of its own."""
    own, program = split(argv)
    return [*own, *options, *program]


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
    sockets = [f"--path={path}" for path in arguments.path]
    if arguments.control:
        sockets.append(f"--control={arguments.control}")
    return replace(
        standby,
        sockets=tuple(arguments.path),
        control=arguments.control or control_path(arguments.path[0]),
        argv=with_sockets(first.argv, sockets),
        command=first.command,
        directory=first.directory,
        environment={**common_environment(workers), NUMBER: "0", **standby.environment},
        drain=first.drain,
    )


def common_environment(workers: Sequence[Worker]) -> Mapping[str, str]:
    """Return the variables that all workers have with the same value, but for their number."""
    first, *others = (worker.environment.items() for worker in workers)
    return {name: value for name, value in first if name != NUMBER and all((name, value) in other for other in others)}
