"""Files that are to be written, and what is there already."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.common.text_diff import unified_diff


def print_changes(texts: Mapping[Path, str], how: str) -> None:
    """Print what would change.

    Args:
        texts: of each file that would be written.
        how: the verb that would do it, such as ``fleet init``.
    """
    for path, text in texts.items():
        old = read_existing(path)
        if old is None:
            click.echo(f"{path}: would be written")
        else:
            click.echo(unified_diff(path, old, text, how), nl=False)


def confirm_overwrite(texts: Mapping[Path, str], write: bool, how: str) -> None:
    """Show what would be lost, and let the operator decide.

    Args:
        texts: of each file that is to be written, because it is not there or differs.
        write: whether the operator has said already that it may be lost.
        how: the verb that does it.

    Raises:
        FleetError: it is to be kept.
    """
    there = {path: text for path, text in texts.items() if path.exists()}
    if not there or write:
        return
    print_changes(there, how)
    names = " and ".join(map(str, there))
    if not (sys.stdin.isatty() and click.confirm(f"Overwrite {names}?", err=True)):
        reason = "what is there differs, as shown, and nothing was written"
        raise FleetError(names, reason, f"{how} --write overwrites it")
