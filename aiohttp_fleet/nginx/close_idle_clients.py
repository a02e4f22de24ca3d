"""Connections that clients keep, ended by an answer: before the reload of an nginx that would cut them."""

import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.tcp_ports import connections
from aiohttp_fleet.common.waiting import wait_until

SEEN = 1.0
"""Seconds until nginx has looked for the file again: open_file_cache_valid in ``before/1.27.4.conf``."""
UNUSED = 5.0
"""Seconds after which a connection that nobody uses is given up: keepalive_min_timeout in ``since/1.27.4.conf``."""


@contextmanager
def close_idle_clients(conf: Path, ports: Set[int]) -> Iterator[None]:
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
        wait_until(lambda: bool(ports) and not kept & connections(ports), UNUSED)
        yield
    finally:
        with deferred_signals():
            mark.unlink(missing_ok=True)
