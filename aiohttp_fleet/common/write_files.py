"""Write a file in one step."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import to_bytes


def write_file(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as `replace_file` does, and make the file and its directories where there are none.

    Raises:
        FleetError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise FleetError(str(error.filename), f"cannot be written ({error.strerror})", "see ls -ld") from None
    replace_file(path, text)


def replace_file(path: Path, text: str) -> None:
    """Write ``text`` to ``path``: a reader sees the old file or the new one, never a half; mode and owner stay.

    Raises:
        FleetError: it cannot be written; the old file is as it was.
    """
    path = path.resolve()  # a link stays a link
    try:
        old = path.stat()
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(fd, "wb") as file:
                os.fchmod(fd, old.st_mode & 0o7777)
                if os.geteuid() == 0:
                    os.fchown(fd, old.st_uid, old.st_gid)
                file.write(to_bytes(text))
                file.flush()
                os.fsync(fd)
            Path(name).rename(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise FleetError(str(path), f"cannot be written ({error.strerror})", "see ls -ld, and try with sudo") from None


@contextmanager
def temporary_sibling(path: Path, text: str) -> Iterator[Path]:
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
