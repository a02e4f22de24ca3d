"""What depends on the version of nginx, put into ``run/``, from where nginx.conf includes it.

``since/VERSION.conf``: directives that only a newer nginx knows; ``before/VERSION.conf``: what only an older one needs;
all that apply are taken. ``tls/listen/VERSION.conf``: what changed its form; the newest that applies is taken.
nginx has no conditions, and refuses a file with a directive that it does not know.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError


def install_by_version(conf: Path, version: str) -> None:
    """Copy the files that are meant for nginx ``version`` into ``run/``, and remove all others there.

    Args:
        conf: nginx.conf.
        version: such as ``1.22.1``.

    Raises:
        FleetError: ``run/`` is missing or not writable.
    """
    run = conf.parent / "run"
    try:
        for old in [path for name in ("since-*", "before-*", "tls-listen") for path in run.glob(f"{name}.conf")]:
            old.unlink()
        (run / "closing").unlink(missing_ok=True)  # of a reload that was killed in the middle
        for name, text in selected_files(conf.parent, version):
            (run / name).write_text(text)
    except OSError as error:
        raise FleetError(str(run), f"cannot be written ({error.strerror})", f"see ls -ld {run}") from None


def selected_files(deploy: Path, version: str) -> Iterator[tuple[str, str]]:
    """Yield the text of each file that is meant for that version, with its name in ``run/``.

    Args:
        deploy: the directory of nginx.conf.
        version: such as ``1.22.1``.

    Raises:
        OSError: one cannot be read.
    """
    for name, file in _files(deploy, version):
        # before/ asks for a file, and nginx would look for that from where it was started
        yield name, file.read_text().replace('"run/', f'"{deploy}/run/')


def _files(deploy: Path, version: str) -> Iterator[tuple[str, Path]]:
    for file in deploy.glob("since/*.conf"):
        if _knows(version, file):
            yield f"since-{file.name}", file
    for file in deploy.glob("before/*.conf"):
        if not _knows(version, file):
            yield f"before-{file.name}", file
    forms = [file for file in deploy.glob("tls/listen/*.conf") if _knows(version, file)]
    if forms:
        yield "tls-listen.conf", max(forms, key=lambda file: _numbers(file.stem))


def _knows(version: str, file: Path) -> bool:
    return _numbers(file.stem) <= _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split("."):
        with contextlib.suppress(ValueError):
            numbers.append(int(part))
    return tuple(numbers)
