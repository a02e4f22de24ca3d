"""Settings and secrets from files, read at each start of a worker."""

import os
import re
import stat
import time
from collections.abc import Iterable, Mapping
from io import StringIO

from aiohttp_fleet.common.errors import FleetError, os_errors

_EARLY = ("LANG", "LANGUAGE", "SSL_CERT_DIR", "SSL_CERT_FILE")
_EARLY_PREFIXES = ("PYTHON", "OPENSSL_", "LD_", "MALLOC_", "GLIBC_", "LC_")
_EXTENSIONS = re.compile("(AIOHTTP|FROZENLIST|MULTIDICT|PROPCACHE|YARL)_NO_.*")


def read_at_start(name: str) -> bool:
    """Whether the interpreter, the C library or aiohttp reads a variable only when it starts."""
    return name in _EARLY or name.startswith(_EARLY_PREFIXES) or _EXTENSIONS.fullmatch(name) is not None


def load_env_files(paths: Iterable[str]) -> None:
    """Load the variables of files into this process's environment; they override it, and a later file an earlier one.

    The format is python-dotenv's: https://saurabh-kumar.com/python-dotenv/#file-format. The files are read before the
    worker becomes ``--user``, so that only root needs to be able to read them.

    Args:
        paths: the files.

    Raises:
        FleetError: a file cannot be read, is readable or writable by others, has a line that is no assignment, or sets
            a variable that is read before it.
    """
    apply_env_files(read_env_files(paths))
    time.tzset()


def read_env_files(paths: Iterable[str]) -> dict[str, str]:
    """Return the texts of files, by path; see `load_env_files`."""
    return {path: _private_text(path) for path in map(os.path.realpath, paths)}


def apply_env_files(texts: Mapping[str, str]) -> None:
    """Load the variables of texts, which may refer to variables that are there already; see `load_env_files`.

    The time zone is set by the caller.
    """
    for path, text in texts.items():
        os.environ.update(_variables(path, text))


def _private_text(path: str) -> str:
    """Read a file that its owner and group alone may read."""
    with (
        os_errors(path, "cannot be read", "--env-file names it"),
        open(path, encoding="utf-8", errors="surrogateescape") as file,  # noqa: PTH123, it is a path as it was given
    ):
        mode = os.fstat(file.fileno()).st_mode
        if mode & stat.S_IRWXO:
            reason = f"every user of this machine may read or change it (mode {stat.S_IMODE(mode):o})"
            raise FleetError(path, reason, f"chmod o= {path}")
        return file.read()


def _variables(path: str, text: str) -> Mapping[str, str]:
    from dotenv import dotenv_values  # here: most fleets have no such file
    from dotenv.parser import parse_stream

    step = "fix it, then retry"
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        if binding.error or "\0" in written or "=" in (binding.key or ""):  # not printed: it may be a secret
            line = binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")
            raise FleetError(f"{path}, line {line}", "the line is not NAME=VALUE", step)
        if binding.key is not None and read_at_start(binding.key):
            reason = f"{binding.key} is read when an interpreter starts, before this file is"
            raise FleetError(path, reason, "write it into environment= of supervisord.conf")
    values = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}
