"""The watchdog's command line."""

import argparse
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.argument_types import OneLineParser, whole_number

HANG = 4.0
"""Seconds; with half a second between two snapshots, a hung worker is found within five."""
RETRY = 60.0
BUDGET = 5
SETTLE = 60.0

_SIZE = re.compile(r"(\d+)\s*([KMG]?)B?", re.IGNORECASE)
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Options:
    """The watchdog's options.

    Attributes:
        conf: supervisord.conf.
        program: the workers' program.
        hang: seconds without an answer after which a worker is hung.
        max_memory: bytes of resident memory after which a worker is recycled, None for never.
        max_age: seconds after which a worker is recycled, None for never.
        max_requests: requests after which a worker is recycled, None for never.
        retry: seconds until a failed start or restart is tried again.
        budget: kills and recycles in five minutes.
        settle: seconds that all workers have to be ready before the standby is refreshed.
        notify: the words of a command to run for each event, none for no command.
        webhook: URL to POST each event to, None for none.
    """

    conf: Path
    program: str
    hang: float
    max_memory: int | None
    max_age: float | None
    max_requests: int | None
    retry: float
    budget: int
    settle: float
    notify: tuple[str, ...]
    webhook: str | None


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size, write it such as 500MB")
    return int(found[1]) * _BYTES[found[2].upper()]


def _time(text: str) -> float:
    found = _TIME.fullmatch(text)
    if not found or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time, write it such as 30, 10m, 12h or 1d")
    return float(found[1]) * _SECONDS[found[2]]


def _command(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be split into words ({error})") from None
    if not words:
        raise argparse.ArgumentTypeError("it is empty, write a command")
    return words


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL, it begins with http:// or https://")
    return text


def parse(argv: list[str]) -> Options:
    """Read a command line.

    Raises:
        SystemExit: with 2 after one line on stderr, when it is wrong; with 0 after ``--help``.
    """
    parser = OneLineParser("aiohttp_fleet.watchdog", "Kill workers that hang, recycle large ones, refresh the standby.")
    add = parser.add_argument
    add("conf", type=Path, help="supervisord.conf")
    add("--program", default="aiohttp", help="the workers' program (default: %(default)s)")
    add(
        "--hang",
        type=_time,
        default=HANG,
        metavar="TIME",
        help=f"a worker hangs after so long without an answer ({HANG:g} s)",
    )
    add("--max-memory", type=_size, metavar="SIZE", help="recycle a worker above it, such as 500MB (default: never)")
    add("--max-age", type=_time, metavar="TIME", help="recycle a worker after it, such as 1d (default: never)")
    add("--max-requests", type=whole_number, metavar="N", help="recycle a worker after so many (default: never)")
    add("--retry", type=_time, default=RETRY, metavar="TIME", help=f"try again what failed (default: {RETRY:g} s)")
    add(
        "--budget",
        type=whole_number,
        default=BUDGET,
        metavar="N",
        help="at most so many kills and recycles in 5 minutes (default: %(default)s)",
    )
    add(
        "--settle",
        type=_time,
        default=SETTLE,
        metavar="TIME",
        help=f"refresh the standby when all have been ready for so long (default: {SETTLE:g} s)",
    )
    add("--notify", type=_command, default=(), metavar="COMMAND", help="run it for each event, JSON on its stdin")
    add("--webhook", type=_url, metavar="URL", help="POST each event there as JSON")
    given = parser.parse_args(argv)
    return Options(**vars(given))
