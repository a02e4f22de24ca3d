"""What the command lines of the programs that supervisord starts have in common."""

import argparse
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """An ArgumentParser that accepts no abbreviations, and whose errors are one line.

    Args:
        module: the module behind ``python -m``; its last part begins each error.
        description: the first line of ``--help``.
    """

    def __init__(self, module: str, description: str) -> None:
        super().__init__(f"python -m {module}", description=description, allow_abbrev=False)
        self._name = module.rpartition(".")[2]

    def error(self, message: str) -> NoReturn:
        """Print the error and exit with code 2."""
        self.exit(2, f"{self._name}: {message}; see {self.prog} --help\n")


class RaisingParser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are a ValueError."""

    def error(self, message: str) -> NoReturn:
        """Raise the error."""
        raise ValueError(message)


def whole_number(text: str, most: int | None = None) -> int:
    """Read a whole number of at least 1.

    Args:
        text: the argument.
        most: the largest one allowed, None for no limit.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number = int(text) if text.isdecimal() else 0
    if number < 1 or (most is not None and number > most):
        limits = "above 0" if most is None else f"from 1 to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {limits}")
    return number
