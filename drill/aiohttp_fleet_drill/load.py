"""The load's process, from outside."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet_drill.tally import Lost, Tally

ACCOUNT = 90.0
"""Seconds for the last answers and the account."""


@dataclass(frozen=True)
class Load:
    """How much is asked, and for what.

    Attributes:
        clients: how many kept-alive clients.
        rate: requests a second of all together, 0 for as many as go.
        get: the path to GET, None for the drill's own mix.
        post: the path to POST to in turn, None to GET only.
    """

    clients: int
    rate: float
    get: str | None = None
    post: str | None = None


class Running:
    """A load that runs.

    Args:
        process: its process.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def end(self) -> Tally:
        """End it, and return its account.

        Raises:
            FleetError: there is none.
        """
        try:
            account = json.loads(self._process.communicate(timeout=ACCOUNT)[0])
        except (ValueError, subprocess.TimeoutExpired) as error:
            raise FleetError("the load", f"it gave no account ({error})", "start the drill again") from None
        return Tally([(at, latency) for at, latency in account["answers"]], [Lost(**each) for each in account["lost"]])


@contextmanager
def running(load: Load, address: tuple[str, int]) -> Iterator[Running]:
    """Start a load; it is killed when its account has not been asked for.

    Args:
        load: the load.
        address: host and port of the site.
    """
    options = [f"--host={address[0]}", f"--port={address[1]}", f"--clients={load.clients}", f"--rate={load.rate}"]
    options += [f"--{name}={path}" for name, path in (("get", load.get), ("post", load.post)) if path]
    command = [sys.executable, "-m", "aiohttp_fleet_drill.generator", *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, process_group=0) as process:
        try:
            assert process.stdout is not None  # it is a pipe
            process.stdout.readline()
            yield Running(process)
        finally:
            process.kill()
