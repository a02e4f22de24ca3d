"""The number of workers in the text of supervisord.conf."""

import re

_SECTION = re.compile(r"^\s*\[(?P<name>[^\]]+)\]")
_NUMPROCS = re.compile(r"^(?P<key>\s*numprocs\s*[=:]\s*)(?P<number>\d+)(?P<gap>[ \t]*)(?P<rest>.*)$", re.DOTALL)


def with_numprocs(text: str, program: str, number: int) -> str | None:
    """Return the text with another number in ``numprocs=`` of ``[program:PROGRAM]``; nothing else changes.

    A comment behind it stays in its column. None when there is no such line with a plain number.

    Args:
        text: supervisord.conf.
        program: the program's name.
        number: of workers.
    """
    lines = text.splitlines(keepends=True)
    section = ""
    for index, line in enumerate(lines):
        if found := _SECTION.match(line):
            section = found["name"].strip()
        elif section == f"program:{program}" and (found := _NUMPROCS.match(line)):
            lines[index] = _line(found, number)
            return "".join(lines)
    return None


def _line(found: re.Match[str], number: int) -> str:
    gap = found["gap"]
    if found["rest"].startswith(";"):
        gap = " " * max(1, len(gap) + len(found["number"]) - len(str(number)))
    return f"{found['key']}{number}{gap}{found['rest']}"
