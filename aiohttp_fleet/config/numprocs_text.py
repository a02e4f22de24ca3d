"""The number of workers in the text of supervisord.conf."""

import re


def with_numprocs(text: str, program: str, number: int) -> str | None:
    """Return the text with another number in ``numprocs=`` of ``[program:PROGRAM]``; nothing else changes.

    A comment behind it stays in its column. None when there is no such line with a plain number.

    Args:
        text: supervisord.conf.
        program: the program's name.
        number: of workers.
    """
    section = rf"^\s*\[\s*program:{re.escape(program)}\s*\](?:(?!^\s*\[[^\]\n]+\]).)*?"
    line = r"^\s*numprocs[ \t]*[=:][ \t]*(?P<number>\d+)(?P<gap>[ \t]*)(?P<comment>;?)"
    found = re.search(section + line, text, re.MULTILINE | re.DOTALL)
    if not found:
        return None
    gap = found["gap"]
    if found["comment"]:
        gap = " " * max(1, len(gap) + len(found["number"]) - len(str(number)))
    return f"{text[: found.start('number')]}{number}{gap}{text[found.end('gap') :]}"
