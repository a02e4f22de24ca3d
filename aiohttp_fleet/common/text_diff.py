"""What would change in a file, as a diff."""

import difflib
from pathlib import Path


def unified_diff(path: Path, old: str, new: str, how: str) -> str:
    """Return a unified diff with one line of context; empty when nothing would change.

    Args:
        path: of the file.
        old: its text.
        new: the text that it would have.
        how: what would change it, such as ``rendered``.
    """
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, str(path), f"{path} ({how})", n=1))
