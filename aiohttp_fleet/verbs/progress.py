"""What an act that takes its time shows meanwhile: a moving line on a terminal, a line for each step everywhere."""

from types import TracebackType

from rich.console import Console


class Progress:
    """Shows steps as they begin and end.

    Args:
        steps: how many there are.
        silent: whether to show nothing, for ``--json``.
    """

    def __init__(self, steps: int, silent: bool = False) -> None:
        self._console = Console(highlight=False, markup=False, soft_wrap=True, quiet=silent)
        self._status = self._console.status("")
        self._steps = steps
        self._ended = 0

    def __enter__(self) -> "Progress":
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._status.stop()

    def begin(self, line: str) -> None:
        """Show what is being done now."""
        self._status.update(f"[{self._ended + 1}/{self._steps}] {line}")

    def done(self, line: str, ok: bool = True) -> None:
        """Show what came of it."""
        self._ended += 1
        self._console.print(line, style="" if ok else "red")

    def note(self, line: str) -> None:
        """Say something that is no step."""
        self._console.print(line)
