"""The watchdog's command line."""

import argparse
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.argument_types import OneLineParser, whole_number

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


_OPTIONS: tuple[tuple[str, Callable[[str], object], object, str, str], ...] = (
    ("--program", str, "aiohttp", "NAME", "the workers' program"),
    # With half a second between two snapshots, a hung worker is found within five.
    ("--hang", _time, "4s", "TIME", "a worker hangs after so long without an answer"),
    ("--max-memory", _size, None, "SIZE", "recycle a worker above it, such as 500MB"),
    ("--max-age", _time, None, "TIME", "recycle a worker after it, such as 1d"),
    ("--max-requests", whole_number, None, "N", "recycle a worker after so many"),
    ("--retry", _time, "60s", "TIME", "try again what failed"),
    ("--budget", whole_number, "5", "N", "at most so many kills and recycles in 5 minutes"),
    ("--settle", _time, "60s", "TIME", "refresh the standby when all have been ready for so long"),
    ("--notify", _command, (), "COMMAND", "run it for each event, JSON on its stdin"),
    ("--webhook", _url, None, "URL", "POST each event there as JSON"),
)
"""Name, type, default, and for ``--help`` what its value is and what it does."""


def parse(argv: list[str]) -> Options:
    """Read a command line.

    Raises:
        SystemExit: with 2 after one line on stderr, when it is wrong; with 0 after ``--help``.
    """
    parser = OneLineParser("aiohttp_fleet.watchdog", "Kill workers that hang, recycle large ones, refresh the standby.")
    parser.add_argument("conf", type=Path, help="supervisord.conf")
    for name, kind, default, value, text in _OPTIONS:
        text += f" (default: {default or 'never'})"
        parser.add_argument(name, type=kind, default=default, metavar=value, help=text)
    return Options(**vars(parser.parse_args(argv)))
