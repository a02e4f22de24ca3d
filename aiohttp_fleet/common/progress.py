"""What an act that takes its time shows meanwhile: what is done now on a terminal, a line for each step everywhere."""

import shutil
import sys

import click

CLEAR = "\r\x1b[K"
"""Back to the line's beginning, and erase it (ECMA-48, EL)."""


class Progress:
    """Shows steps as they begin and end.

    Args:
        steps: how many there are.
        silent: whether to show nothing, for ``--json``.
    """

    def __init__(self, steps: int, silent: bool = False) -> None:
        self._silent = silent
        self._moves = sys.stdout.isatty() and not silent
        self._steps = steps
        self._ended = 0
        self._now = ""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self._show("")

    def begin(self, line: str) -> None:
        """Show what is being done now."""
        self._show(f"[{self._ended + 1}/{self._steps}] {line}")

    def done(self, line: str, ok: bool = True) -> None:
        """Show what came of it."""
        self._ended += 1
        self._print(line, None if ok else "red")

    def note(self, line: str) -> None:
        """Say something that is no step."""
        self._print(line, None)

    def _show(self, line: str) -> None:
        """Replace the line that tells what is done now."""
        self._now = line
        if self._moves:
            cut = line[: shutil.get_terminal_size().columns - 1]  # a folded line could not be erased
            click.echo(CLEAR + click.style(cut, dim=True), nl=False)

    def _print(self, line: str, colour: str | None) -> None:
        """Print a line that stays, above the one that tells what is done now."""
        if not self._silent:
            click.echo((CLEAR if self._moves else "") + click.style(line, colour))
            self._show(self._now)
