"""Configuration files as text, byte for byte: whatever is in their comments, whatever ends their lines."""

from pathlib import Path

from aiohttp_fleet.errors import FleetError


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


def to_bytes(text: str) -> bytes:
    """Return the bytes that `read_text` made a text of."""
    return text.encode(errors="surrogateescape")
