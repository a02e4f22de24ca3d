"""Configuration files as text, byte for byte, whatever their encoding and line ends are."""

import glob
import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp_fleet.common.errors import os_errors

_INCLUDE = re.compile(r"^([^#\n]*?)\binclude\s+[\"']?([^;\"'\s]+)[\"']?\s*;", re.MULTILINE)


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        FleetError: it cannot be read.
    """
    with os_errors(path, "cannot be read", "see ls -l"):
        return path.read_bytes().decode(errors="surrogateescape")


def read_existing(path: Path) -> str | None:
    """Return the text of a file, None if there is none.

    Raises:
        FleetError: it cannot be read.
    """
    return read_text(path) if path.exists() else None


def differing(texts: Mapping[Path, str]) -> dict[Path, str]:
    """Return those texts that are not what is in their files.

    Raises:
        FleetError: a file cannot be read.
    """
    return {path: text for path, text in texts.items() if read_existing(path) != text}


def read_included(path: Path, generated: bool = False) -> str:
    """Return the text of an nginx configuration file with each ``include`` replaced by the text of its files.

    Args:
        path: the file; relative paths in it begin in its directory.
        generated: whether files of run/ and static.conf, which the kit writes itself, are included as well.

    Raises:
        FleetError: a file cannot be read.
    """

    def whole(file: Path, parents: tuple[Path, ...]) -> str:
        def texts(found: re.Match[str]) -> str:
            files = [Path(name) for name in sorted(glob.glob(str(path.parent / found[2])))]  # noqa: PTH207, any path
            wanted = [one for one in files if one not in parents and (generated or not _is_generated(one))]
            return found[1].rstrip() + "".join("\n" + whole(one, (*parents, one)) for one in wanted)

        return _INCLUDE.sub(texts, read_text(file))

    return whole(path, (path,))


def _is_generated(file: Path) -> bool:
    return file.parent.name == "run" or file.name.startswith("static")


def to_bytes(text: str) -> bytes:
    """Return the bytes that `read_text` made a text of."""
    return text.encode(errors="surrogateescape")
