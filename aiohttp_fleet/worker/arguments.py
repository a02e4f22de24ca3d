"""The worker's command line."""

import argparse
import functools
import grp
import re
from dataclasses import dataclass
from pathlib import PurePath

from aiohttp_fleet.common.argument_types import OneLineParser, whole_number
from aiohttp_fleet.worker import command_line

BACKLOG = 4096
"""Connections that wait in a socket to be accepted; Linux's own limit (net.core.somaxconn) since 5.4.

A connect to a unix socket whose backlog is full fails at once: with aiohttp's default of 128 nginx answers 98 % of
4,000 simultaneous clients with 502.
"""
DRAIN = 30.0
"""Seconds; stopwaitsecs in supervisord.conf must be above it, nginx's upstream keepalive_timeout below."""
CLEANUP = 1.0
"""Seconds for a handler to end by itself after the drain, and again after it was cancelled."""
CHECK = 10.0
"""Seconds for the answer to ``--check``."""
REFUSED = 400
"""The lowest status of an answer to it with which a worker may not serve."""
MODE = 0o660
"""Read and write for the owner and the group: a connect needs write permission (unix(7))."""
USER = "nobody"
STATIC_PATH = "/static"
"""Path of the control socket that returns the same JSON."""
FORMAT = 1
"""Format of the control socket's other answer; it rises only when a field changes its meaning."""
NAMES = ("app", "app_factory", "get_app", "create_app")
"""Names that ``MODULE`` alone is searched for: aiohttp-devtools' names, in its order (runserver/config.py)."""


@dataclass(frozen=True)
class Options:
    """The command line of one worker.

    Attributes:
        app: ``MODULE:NAME`` or ``MODULE``; the name of a program, such as ``web.py``.
        program: the words of a program that serves the application, as behind ``python``; empty for MODULE:NAME.
        paths: unix socket paths to serve.
        control: path of the control socket, None for none.
        host: address of the TCP port.
        port: TCP port to serve, None for none.
        backlog: connections that may wait to be accepted.
        mode: permission bits of the sockets.
        gid: group of the sockets, None to leave it.
        env_files: files with variables for the environment.
        user: the user to become when started as root.
        drain: seconds for requests in flight.
        check: target of a GET that the application answers before the worker listens, None for none.
        loop: ``uvloop`` or ``asyncio``; None for uvloop where it is installed, and for what a program takes itself.
        access_log: whether aiohttp writes its access log.
        handler_cancellation: whether a handler is cancelled when its client disconnects.
        preflight: whether to build the application only, and serve nothing.
        no_template: whether it is executed, and shares nothing.
    """

    app: str
    program: tuple[str, ...]
    paths: tuple[str, ...]
    control: str | None
    host: str
    port: int | None
    backlog: int
    mode: int
    gid: int | None
    env_files: tuple[str, ...]
    user: str
    drain: float
    check: str | None
    loop: str | None
    access_log: bool
    handler_cancellation: bool
    preflight: bool
    no_template: bool


def control_path(path: str) -> str:
    """Return the control socket of a worker that serves ``path``: ``/tmp/web_1.ctl`` for ``/tmp/web_1.sock``."""
    found = PurePath(path)
    return str(found.with_suffix(".ctl")) if found.suffix != ".ctl" else f"{path}.ctl"


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty, write a path such as /tmp/web_1.sock")
    return text


def _target(text: str) -> str:
    if not re.fullmatch(r"/[!-~]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no path of a URL, write it as in /health")
    return text


def _mode(text: str) -> int:
    if not re.fullmatch("0*[0-7]{1,3}", text) or not int(text, 8):
        raise argparse.ArgumentTypeError(f"{text!r} is not a file mode, write it in octal, such as 660")
    return int(text, 8)


def _group(text: str) -> int:
    try:
        return grp.getgrnam(text).gr_gid
    except KeyError:
        raise argparse.ArgumentTypeError(f"there is no group {text!r} on this machine, see getent group") from None


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, such as 30")
    return float(text)


_sixteen_bits = functools.partial(whole_number, most=65535)


@functools.cache
def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser("aiohttp_fleet.worker", "Serve one aiohttp application in one process.")
    add = parser.add_argument
    application = "an Application, a factory or an async factory, NAME may be dotted; or, behind all options, a program"
    add("app", metavar="MODULE[:NAME] | SCRIPT [ARGUMENT ...] | -m MODULE [ARGUMENT ...]", help=application)
    add("--path", type=_path, dest="paths", action="append", default=[], help="serve this unix socket; may be repeated")
    add("--control", type=_path, metavar="PATH", help="control socket (default: the first --path, ending in .ctl)")
    add("--host", default="127.0.0.1", help="address of the TCP port (default: %(default)s)")
    add("--port", type=_sixteen_bits, help="serve this TCP port too")
    add("--backlog", type=_sixteen_bits, default=BACKLOG, help="connections that may wait (default: %(default)s)")
    add("--mode", type=_mode, default=MODE, metavar="OCTAL", help=f"mode of the sockets (default: {MODE:o})")
    add("--group", dest="gid", type=_group, metavar="NAME", help="group of the sockets (default: the process's own)")
    env_file = "load NAME=VALUE lines of this file into the environment; may be repeated"
    add("--env-file", dest="env_files", type=_path, action="append", default=[], metavar="PATH", help=env_file)
    add("--user", default=USER, help="the user to become when started as root (default: %(default)s)")
    drain = "how long requests in flight may take (default: %(default)g)"
    add("--drain", type=_seconds, default=DRAIN, metavar="SECONDS", help=drain)
    check = "GET it before listening; an answer of 400 or above ends the worker (default: none)"
    add("--check", type=_target, metavar="PATH", help=check)
    add("--loop", choices=("uvloop", "asyncio"), help="event loop (default: uvloop where it is installed)")
    add("--access-log", action="store_true", help="write aiohttp's access log (default: off; nginx writes one)")
    add("--handler-cancellation", action="store_true", help="cancel a handler when its client disconnects")
    add("--preflight", action="store_true", help="import and build the application, serve nothing; exit 0 if it works")
    no_template = "execute the worker; by default it is forked from a template that has imported the application"
    add("--no-template", action="store_true", help=no_template)
    return parser


def parse(argv: list[str]) -> Options:
    """Read a command line.

    Raises:
        SystemExit: with 2 after one line on stderr, when it is wrong; with 0 after ``--help``.
    """
    parser = _parser()
    own, program = command_line.split(argv)
    given = parser.parse_args([*own, *(["--", command_line.title(program)] if program else [])])
    given.program = program
    if program and command_line.shares_path(own):
        given.paths = command_line.take_paths(program)[0]
    if not given.paths and given.port is None:
        parser.error("nothing to serve, give it --path or --port")
    if len(set(given.paths)) < len(given.paths):
        parser.error("the same --path is given twice")
    given.paths, given.env_files = tuple(given.paths), tuple(given.env_files)
    if given.control is None and given.paths:
        given.control = control_path(given.paths[0])
    if given.control in given.paths:
        parser.error("--control is one of the --path sockets, give it a path of its own")
    return Options(**vars(given))
