"""The text of nginx as a tree, and back: without comments, each statement in a line of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp_fleet.common.errors import FleetError

INDENT = "  "
_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<token>"(?:\\.|[^"\\])*"\)?|'(?:\\.|[^'\\])*'\)?|[;{}]|(?:\$\{\w+\}|\\.|[^\s;{}\\])+)"""
)
"""As nginx reads them: quotes and # count at the beginning of a word only, and ``${`` opens no block."""


@dataclass(frozen=True)
class Statement:
    """One directive.

    Attributes:
        words: its name and its parameters, quotes and all.
        block: what stands between its braces, None where it ends with a semicolon.
    """

    words: tuple[str, ...]
    block: tuple["Statement", ...] | None = None

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0]


def parsed(name: str, text: str) -> tuple[Statement, ...]:
    """Return the statements of a file.

    Args:
        name: of the file, for an error.
        text: what is in it; one that nginx refuses need not be.

    Raises:
        FleetError: a brace or a semicolon is missing.
    """
    tokens = (found["token"] for found in _TOKEN.finditer(text) if found["token"])
    statements, end = _block(tokens)
    if end != "":
        raise FleetError(name, f"it ends with {end!r}, or has a brace too many", "nginx -t says where")
    return statements


def _block(tokens: Iterator[str]) -> tuple[tuple[Statement, ...], str]:
    """Return the statements up to the brace that closes them, and that brace; or what is left at the end."""
    statements: list[Statement] = []
    words: list[str] = []
    for token in tokens:
        if token == ";":
            statements.append(Statement(tuple(words)))
            words = []
        elif token == "{":
            inner, end = _block(tokens)
            if end != "}":
                return (), end or "{"
            statements.append(Statement(tuple(words), inner))
            words = []
        elif token == "}":
            return tuple(statements), " ".join(words) or token
        else:
            words.append(token)
    return tuple(statements), " ".join(words)


def printed(statements: tuple[Statement, ...], depth: int = 0) -> str:
    """Return the text; an empty line around each block."""
    lines = []
    for before, statement in zip((None, *statements), statements, strict=False):
        if before and (before.block is not None or statement.block is not None):
            lines.append("\n")
        head = INDENT * depth + " ".join(statement.words)
        if statement.block is None:
            lines.append(f"{head};\n")
        else:
            lines.append(f"{head} {{\n{printed(statement.block, depth + 1)}{INDENT * depth}}}\n")
    return "".join(lines)
