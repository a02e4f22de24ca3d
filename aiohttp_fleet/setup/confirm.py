"""Files that are about to be written, and what they would overwrite."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.output import Output
from aiohttp_fleet.common.read_files import read_text
from aiohttp_fleet.common.text_diff import unified_diff


def changes(texts: Mapping[Path, str], how: str) -> str:
    """Return what would change, as lines.

    Args:
        texts: of each file that would be written.
        how: the command that would do it, such as ``fleet init``.
    """
    return "".join(
        unified_diff(path, read_text(path), text, how) if path.exists() else f"{path}: would be written\n"
        for path, text in texts.items()
    )


def confirm_overwrite(texts: Mapping[Path, str], write: bool, how: str, output: Output) -> None:
    """Show what would be overwritten, and ask the operator on a terminal.

    Args:
        texts: of each file that is missing or differs.
        write: whether the operator has allowed it already.
        how: the command that does it.
        output: where it prints; no question is asked if that is JSON.

    Raises:
        FleetError: it is not to be overwritten.
    """
    existing = {path: text for path, text in texts.items() if path.exists()}
    if not existing or write:
        return
    output.line(changes(existing, how), newline=False)
    names = " and ".join(map(str, existing))
    may_ask = sys.stdin.isatty() and not output.as_json
    if not (may_ask and click.confirm(f"Overwrite {names}?", err=True)):
        raise FleetError(names, "the file there differs; nothing was written", f"{how} --write overwrites it")
