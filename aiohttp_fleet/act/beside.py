"""A text tried out as a file before it becomes one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.text import to_bytes


@contextmanager
def beside(path: Path, text: str) -> Iterator[Path]:
    """Write a text to a temporary file in the directory of ``path``, so that what is relative in it means the same.

    Raises:
        FleetError: it cannot be written.
    """
    try:
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise FleetError(str(path.parent), f"cannot be written ({error.strerror})", "try again with sudo") from None
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(to_bytes(text))
        yield Path(name)
    except OSError as error:
        raise FleetError(str(path), f"cannot be tried out ({error})", "nothing was touched") from None
    finally:
        Path(name).unlink()
