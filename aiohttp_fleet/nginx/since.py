"""Directives that only a newer nginx knows: ``since/VERSION.conf``, which nginx.conf includes from ``run/``.

nginx has no conditions, and refuses a file with a directive that it does not know.
"""

import contextlib
from pathlib import Path

from aiohttp_fleet.errors import FleetError


def take_up(conf: Path, version: str) -> None:
    """Copy the files that nginx ``version`` knows into ``run/``, and remove all others there.

    Args:
        conf: nginx.conf.
        version: such as ``1.22.1``.

    Raises:
        FleetError: ``run/`` is missing or not writable.
    """
    run = conf.parent / "run"
    try:
        for old in run.glob("since-*.conf"):
            old.unlink()
        for file in (conf.parent / "since").glob("*.conf"):
            if _numbers(file.stem) <= _numbers(version):
                (run / f"since-{file.name}").write_bytes(file.read_bytes())
    except OSError as error:
        raise FleetError(str(run), f"cannot be written ({error.strerror})", f"see ls -ld {run}") from None


def _numbers(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split("."):
        with contextlib.suppress(ValueError):
            numbers.append(int(part))
    return tuple(numbers)
