"""The end of a log."""

import os
import re
from pathlib import Path

END = 65536
"""Bytes at the end of a log that are searched for its last lines."""
_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def last_lines(log: Path, count: int) -> tuple[str, ...]:
    """Return the last lines of a log that are not empty, without colours; none if it cannot be read.

    Args:
        log: the file.
        count: how many at most.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - END, 0))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    lines = (_CONTROL.sub("", line).rstrip() for line in text.split("\n"))
    return tuple([line for line in lines if line][-count:])
