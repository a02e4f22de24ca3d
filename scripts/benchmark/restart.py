"""``python -m scripts.benchmark.restart``: requests that fail in a restart of aiohttp's recipe and of the fleet.

Both run four workers of one application under ``supervisorctl restart 'aiohttp:*'``, with one load: 64 clients on
keep-alive connections, 1,500 requests a second, every second one a POST, none repeated.
"""

import subprocess
import time

from aiohttp_fleet_drill.load import Load, running

from aiohttp_fleet.common.waiting import wait_until
from scripts.benchmark.peers import BIN, PEERS, Peer
from scripts.benchmark.workloads import HELLO, answered

LOAD = Load(clients=64, rate=1500.0, get="/", post="/echo")
CALM = 3.0
"""Seconds of load before the restart, and after it."""


def restarted(peer: Peer) -> tuple[int, int]:
    """Restart all workers under load; return how many requests failed, and how many there were."""
    with running(LOAD, ("127.0.0.1", peer.ports[0]), posts=None) as end:
        time.sleep(CALM)
        subprocess.run([BIN / "supervisorctl", "-c", str(peer.conf), "restart", "aiohttp:*"], check=True)
        assert wait_until(lambda: answered(peer.ports[0], HELLO), 30), "no answer 30 s after the restart"
        time.sleep(CALM)
        tally = end()
    return len(tally.failed), tally.requests


if __name__ == "__main__":
    for name in ("recipe", "fleet"):
        with PEERS[name](4) as found:
            failed, requests = restarted(found)
            print(f"{name}: {failed:,} of {requests:,} requests failed", flush=True)
