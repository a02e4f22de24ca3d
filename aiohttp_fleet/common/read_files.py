"""Configuration files as text, byte for byte: whatever is in their comments, whatever ends their lines."""

import glob
import re
from collections import deque
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError

_INCLUDE = re.compile(r"^[^#\n]*?\binclude\s+[\"']?([^;\"'\s]+)[\"']?\s*;", re.MULTILINE)


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        FleetError: it cannot be read.
    """
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except OSError as error:
        raise FleetError(str(path), f"cannot be read ({error.strerror})", "see ls -l") from None


def read_existing(path: Path) -> str | None:
    """Return the text of a file, None where there is none.

    Raises:
        FleetError: it cannot be read.
    """
    return read_text(path) if path.exists() else None


def read_included(path: Path) -> str:
    """Return the text of an nginx.conf with that of the files it includes at its end; what is missing is left out.

    Those of run/, which the launcher writes, and static.conf, which is made of the others, are not read.

    Raises:
        FleetError: it cannot be read.
    """
    texts = [read_text(path)]
    names = deque(_INCLUDE.findall(texts[0]))
    seen = {path}
    while names:
        name = names.popleft()
        for file in sorted(glob.glob(str(path.parent / name))):  # noqa: PTH207, a name may be absolute
            found = Path(file)
            if found in seen or found.name.startswith("static") or found.parent.name == "run":
                continue
            seen.add(found)
            texts.append(read_text(found))
            names.extend(_INCLUDE.findall(texts[-1]))
    return "\n".join(texts)


def to_bytes(text: str) -> bytes:
    """Return the bytes that `read_text` made a text of."""
    return text.encode(errors="surrogateescape")
