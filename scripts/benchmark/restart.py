"""``python -m scripts.benchmark.restart``: requests that fail in a restart of aiohttp's recipe and of the fleet.

Both run four workers of one application under ``supervisorctl restart 'aiohttp:*'``, with one load: 64 clients on
keep-alive connections, 1,500 requests a second, every second one a POST, none repeated.
"""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp_fleet_drill.load import Load, running
from aiohttp_fleet_drill.tally import Tally

from aiohttp_fleet.common.waiting import wait_until
from scripts.benchmark.peers import BIN, PEERS, Peer
from scripts.benchmark.workloads import HELLO, answered

LOAD = Load(clients=64, rate=1500.0, get="/", post="/echo")
CALM = 3.0
"""Seconds of load before the restart, and after it."""
PATIENCE = 30.0
"""Seconds for it to be done when its command has ended."""


@dataclass(frozen=True)
class Restart:
    """A restart under load.

    Attributes:
        tally: of the load.
        worst: seconds, its longest latency since the restart began.
        seconds: from the command until it was done.
    """

    tally: Tally
    worst: float
    seconds: float


def restarted(peer: Peer, load: Load, command: Sequence[str], is_done: Callable[[], bool]) -> Restart:
    """Restart the workers of a peer under load.

    Args:
        peer: who.
        load: the load.
        command: what restarts them.
        is_done: whether they are restarted.
    """
    with running(load, ("127.0.0.1", peer.ports[0]), posts=None) as end:
        time.sleep(CALM)
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        assert wait_until(is_done, PATIENCE), f"not restarted {PATIENCE:g} s after {' '.join(command)}"
        seconds = time.monotonic() - began
        time.sleep(CALM)
        tally = end()
    return Restart(tally, tally.latency(1, began), seconds)


if __name__ == "__main__":
    for name in ("recipe", "fleet"):
        with PEERS[name](4) as found:
            command = [str(BIN / "supervisorctl"), "-c", str(found.conf), "restart", "aiohttp:*"]
            tally = restarted(found, LOAD, command, partial(answered, found.ports[0], HELLO)).tally
            print(f"{name}: {len(tally.failed):,} of {tally.requests:,} requests failed", flush=True)
