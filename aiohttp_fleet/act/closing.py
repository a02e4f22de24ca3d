"""Connections that clients keep, ended by an answer: before the reload of an nginx that would cut them."""

import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.act.held import held
from aiohttp_fleet.act.wait import until
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.read.port import connections

SEEN = 1.0
"""Seconds until nginx has looked for the file again: open_file_cache_valid in ``before/1.27.4.conf``."""
UNUSED = 5.0
"""Seconds after which a connection that nobody uses is given up: keepalive_min_timeout in ``since/1.27.4.conf``."""


@contextmanager
def closing(conf: Path, ports: Set[int]) -> Iterator[None]:
    """Have each answer end its connection, until all that were there have gone or are unused; then run the block.

    For an nginx that has ``before/1.27.4.conf``; a newer one does better by itself, see ``since/1.27.4.conf``.

    Args:
        conf: nginx.conf.
        ports: where nginx listens; with none, on unix sockets only, the time is waited in full.

    Raises:
        FleetError: ``run/`` is not writable.
    """
    run = conf.parent / "run"
    mark = run / "closing"
    try:
        mark.touch()
    except OSError as error:
        raise FleetError(str(mark), f"cannot be written ({error.strerror})", f"see ls -ld {run}") from None
    try:
        time.sleep(SEEN)  # nothing tells what nginx has in its cache
        kept = connections(ports)
        until(lambda: bool(ports) and not kept & connections(ports), UNUSED)
        yield
    finally:
        with held():
            mark.unlink(missing_ok=True)
