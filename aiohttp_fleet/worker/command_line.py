"""Which words of a worker's command are its own, and which are those of a program that it runs."""

from collections.abc import Sequence

SWITCHES = ("--access-log", "--handler-cancellation", "--preflight", "--no-template", "--help", "-h")
"""Options without a value."""
MODULE = "-m"
PATH = "--path"


def is_program(word: str) -> bool:
    """Whether a word begins a program, as it does behind ``python``: ``-m``, or a file; not MODULE:NAME."""
    return word == MODULE or word.endswith(".py") or "/" in word


def split(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split what follows ``python -m aiohttp_fleet.worker`` into the worker's own words and those of a program.

    All that follows SCRIPT or ``-m`` is the program's, as it is behind ``python``.

    Args:
        words: the words.

    Returns:
        Both; nothing of a program where the application is MODULE:NAME.
    """
    at = _application(words)
    if at < len(words) and is_program(words[at]):
        return tuple(words[:at]), tuple(words[at:])
    return tuple(words), ()


def with_application(words: Sequence[str], app: str) -> tuple[str, ...]:
    """Return what follows ``python -m aiohttp_fleet.worker`` with another application, a MODULE:NAME.

    Args:
        words: the words.
        app: in place of the application or the program that they name.
    """
    at, (own, program) = _application(words), split(words)
    if not program:
        return (*own[:at], app, *own[at + 1 :])
    shared = take_paths(program)[0] if shares_path(own) else []
    return (*own, *(f"{PATH}={path}" for path in shared), app)


def _application(words: Sequence[str]) -> int:
    """Return the index of the first word that is no option and no value of one."""
    at = 0
    while at < len(words) and words[at] != MODULE and words[at].startswith("-"):
        at += 1 if "=" in words[at] or words[at] in SWITCHES else 2
    return at


def title(program: Sequence[str]) -> str:
    """Return what a program is called: ``web.py``, ``-m shop``."""
    return " ".join(program[:2]) if program[0] == MODULE else program[0]


def arguments_of(program: Sequence[str]) -> tuple[str, ...]:
    """Return the words behind SCRIPT or ``-m MODULE``."""
    return tuple(program[2:] if program[0] == MODULE else program[1:])


def shares_path(own: Sequence[str]) -> bool:
    """Whether the ``--path`` of a program is its worker's too: the worker has no socket and no port of its own."""
    return not any(word.partition("=")[0] in (PATH, "--port") for word in own)


def take_paths(program: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the ``--path`` of a program, which its worker serves when it has none itself, and the program without.

    Args:
        program: its words.
    """
    found, left, words = [], list[str](), iter(program)
    for word in words:
        if word == PATH:
            found += [path for path in [next(words, None)] if path is not None]
        elif word.startswith(f"{PATH}="):
            found.append(word.removeprefix(f"{PATH}="))
        else:
            left.append(word)
    return found, tuple(left)
