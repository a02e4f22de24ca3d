"""Settings and secrets from files, read anew at each start of a worker."""

import os
import stat
import time
from collections.abc import Iterable, Mapping
from io import StringIO

from aiohttp_fleet.common.errors import FleetError

_AT_START = ("LANG", "LANGUAGE", "SSL_CERT_DIR", "SSL_CERT_FILE")
_AT_START_PREFIXES = (
    "PYTHON",
    "OPENSSL_",
    "LD_",
    "MALLOC_",
    "GLIBC_",
    "LC_",
    "AIOHTTP_NO_",
    "FROZENLIST_NO_",
    "MULTIDICT_NO_",
    "PROPCACHE_NO_",
    "YARL_NO_",
)


def read_at_start(name: str) -> bool:
    """Whether an interpreter, the C library or aiohttp reads a variable only when it starts."""
    return name in _AT_START or name.startswith(_AT_START_PREFIXES)


def load_env_files(paths: Iterable[str]) -> None:
    """Put the variables of files into this process's environment; a later file wins, and each over what was there.

    The format is python-dotenv's: https://saurabh-kumar.com/python-dotenv/#file-format. The files are read before the
    worker becomes ``--user``, so they may be root's alone.

    Args:
        paths: the files.

    Raises:
        FleetError: one cannot be read, may be read by everybody, has a line that is no assignment, or sets a variable
            for which it is too late.
    """
    for path in map(os.path.realpath, paths):
        os.environ.update(_variables(path, _private_text(path)))
        time.tzset()


def _private_text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123, it is a path as it was given
            mode = os.fstat(file.fileno()).st_mode
            if mode & stat.S_IRWXO:
                reason = f"everybody on this machine may read or change what is in it (mode {stat.S_IMODE(mode):o})"
                raise FleetError(path, reason, f"chmod o= {path}")
            return file.read()
    except OSError as error:
        raise FleetError(path, f"cannot be read ({error.strerror})", "--env-file names it") from None


def _variables(path: str, text: str) -> Mapping[str, str]:
    from dotenv import dotenv_values  # here, because most fleets have no such file
    from dotenv.parser import parse_stream

    step = "mend it, then try again"
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        if binding.error or "\0" in written or "=" in (binding.key or ""):  # never shown: it may be a secret
            line = binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")
            raise FleetError(f"{path}, line {line}", "it is not NAME=VALUE", step)
        if binding.key is not None and read_at_start(binding.key):
            reason = f"{binding.key} is read when an interpreter starts, before this file is"
            raise FleetError(path, reason, "write it into environment= of supervisord.conf")
    values = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}
