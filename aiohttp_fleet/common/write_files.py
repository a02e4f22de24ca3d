"""Write files in one step: a reader finds the old text or the new one, never a part of it."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import os_errors
from aiohttp_fleet.common.read_files import read_existing, to_bytes

WRITTEN = "cannot be written", "see ls -ld, and retry with sudo"
"""Reason and next step of a file that cannot be written."""


def write_file(path: Path, text: str) -> None:
    """Write ``text`` to ``path``; a file that is there is replaced as by `replace_file`, missing directories are made.

    Raises:
        FleetError: it cannot be written; the old file is unchanged.
    """
    if path.exists():
        replace_file(path, text)
        return
    with os_errors(path.parent, *WRITTEN):
        path.parent.mkdir(parents=True, exist_ok=True)
    put_file(path, text)


def replace_file(path: Path, text: str) -> None:
    """Write ``text`` to the file ``path``, which keeps its mode and owner; a link stays a link.

    Raises:
        FleetError: it cannot be written, or is not there; the old file is unchanged.
    """
    path = path.resolve()
    with os_errors(path, *WRITTEN):
        _put(path, text, path.stat())


def put_file(path: Path, text: str) -> None:
    """Write ``text`` to a new file, which takes the place of whatever ``path`` is, a link included.

    Raises:
        FleetError: it cannot be written; what was there is unchanged.
    """
    with os_errors(path, *WRITTEN):
        _put(path, text, None)


def remove_file(path: Path) -> None:
    """Remove a file, if there is one.

    Raises:
        FleetError: it cannot be removed.
    """
    with os_errors(path, "cannot be removed", "see ls -ld, and retry with sudo"):
        path.unlink(missing_ok=True)


def _put(path: Path, text: str, old: os.stat_result | None) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(fd, "wb") as file:
            if old:
                os.fchmod(fd, old.st_mode & 0o7777)
                if os.geteuid() == 0:
                    os.fchown(fd, old.st_uid, old.st_gid)
            file.write(to_bytes(text))
            file.flush()
            os.fsync(fd)
        temporary.rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextmanager
def written(texts: Mapping[Path, str | None]) -> Iterator[None]:
    """Write several files, then run the block; restore all of them when something fails or is interrupted.

    Args:
        texts: of each file; None removes it.

    Raises:
        FleetError: one cannot be written.
    """
    old = {path: read_existing(path) for path in texts}
    try:
        _write_all(texts)
        yield
    except BaseException:
        with deferred_signals():
            _write_all(old)
        raise


def _write_all(texts: Mapping[Path, str | None]) -> None:
    for path, text in texts.items():
        if text is None:
            remove_file(path)
        else:
            write_file(path, text)


@contextmanager
def temporary_sibling(path: Path, text: str) -> Iterator[Path]:
    """Write ``text`` to a temporary file in the directory of ``path``, so that relative paths in it mean the same.

    Raises:
        FleetError: it cannot be written.
    """
    with os_errors(path.parent, *WRITTEN):
        fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os_errors(path, "cannot be tested", "nothing was changed"), os.fdopen(fd, "wb") as file:
            file.write(to_bytes(text))
        yield Path(name)
    finally:
        Path(name).unlink()
