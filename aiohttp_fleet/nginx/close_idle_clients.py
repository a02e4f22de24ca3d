"""End keep-alive connections with an answer before the reload of an nginx that would close them at once."""

import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.tcp_ports import connections
from aiohttp_fleet.common.waiting import wait_until

SEEN = 1.0
"""Seconds until nginx has looked for the file again: open_file_cache_valid in `aiohttp_fleet.nginx.generated`."""
UNUSED = 5.0
"""Seconds after which an unused connection may be closed: keepalive_min_timeout in `aiohttp_fleet.nginx.generated`."""


@contextmanager
def close_idle_clients(conf: Path, ports: Set[int]) -> Iterator[None]:
    """Have each answer end its connection until all connections are closed or unused, then run the block.

    Args:
        conf: nginx.conf or site.conf.
        ports: of nginx; with none, which is on unix sockets only, the full time passes.

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
        time.sleep(SEEN)  # what nginx has in its cache cannot be asked
        idle = connections(ports)
        wait_until(lambda: bool(ports) and not idle & connections(ports), UNUSED)
        yield
    finally:
        with deferred_signals():
            mark.unlink(missing_ok=True)
