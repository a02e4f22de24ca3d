"""What depends on the version of nginx, put into ``run/``, from where nginx.conf includes it.

``since/VERSION.conf``: directives that only a newer nginx knows; all that apply are taken. ``tls/listen/VERSION.conf``:
what changed its form; the newest that applies is taken. nginx has no conditions, and refuses a file with a directive
that it does not know.
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
            if _knows(version, file):
                (run / f"since-{file.name}").write_bytes(file.read_bytes())
        forms = [file for file in (conf.parent / "tls" / "listen").glob("*.conf") if _knows(version, file)]
        if forms:
            newest = max(forms, key=lambda file: _numbers(file.stem))
            (run / "tls-listen.conf").write_bytes(newest.read_bytes())
    except OSError as error:
        raise FleetError(str(run), f"cannot be written ({error.strerror})", f"see ls -ld {run}") from None


def _knows(version: str, file: Path) -> bool:
    return _numbers(file.stem) <= _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split("."):
        with contextlib.suppress(ValueError):
            numbers.append(int(part))
    return tuple(numbers)
