"""One fault under load, and what it cost."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp_fleet.drill.acts import GOOD, MODULE
from aiohttp_fleet.drill.faults import Fault
from aiohttp_fleet.drill.ground import Private, edit, place
from aiohttp_fleet.drill.rules import excused
from aiohttp_fleet.drill.tally import Lost, Tally
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx.binary import running

LEAD = 1.0
"""Seconds of load before a fault."""
TAIL = 1.5
"""Seconds of load after everything is ready again: longer than a skipped worker is skipped."""
ACCOUNT = 90.0
"""Seconds for the last answers and the account of the load."""
DISK = "64m"
"""Of the file system that log-full fills."""
MEMORY = "150MB"
"""What a worker may grow to in the drill: a small one has 40 MB, and leaks 10 MB a second."""


@dataclass(frozen=True)
class Result:
    """What a fault cost.

    Attributes:
        name: the fault's.
        requests: how many were made.
        lost: how many were not answered right.
        worst: the longest latency, in seconds.
        recovered: seconds from the fault until every process was ready again.
        verdict: ``ok``, ``failed`` or ``skipped``.
        reasons: what was lost, and how often; why it failed or was skipped.
    """

    name: str
    requests: int = 0
    lost: int = 0
    worst: float = 0.0
    recovered: float = 0.0
    verdict: str = "ok"
    reasons: Mapping[str, int] = field(default_factory=dict)


@contextmanager
def private(deploy: Path, user: str) -> Iterator[Private]:
    """Start a private copy of the fleet of ``deploy`` and wait until it is ready; end and remove it at the end.

    Args:
        deploy: the directory with supervisord.conf and nginx.conf.
        user: who its workers become under root.

    Raises:
        FleetError: it does not become ready.
    """
    with place() as directory, ExitStack() as stack:
        (directory / MODULE).write_text(GOOD)
        ground = Private(directory, deploy, f"{Path(MODULE).stem}:create_app", directory, user)
        stack.enter_context(small_disk(directory / "deploy" / "run"))
        if watched(ground):
            watchdog = r"(aiohttp_fleet\.watchdog [^\n]*)"
            edit(ground.supervisord_conf, {watchdog: rf"\1 --max-memory={MEMORY}"})
        try:
            ground.launch()
            ground.until("the fleet to be ready", ground.is_ready)
            yield ground
        finally:
            ground.stop()


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """Put a small file system of its own on a directory, to be filled; where that is not allowed, do nothing.

    Args:
        directory: an empty one.
    """
    options = f"size={DISK},mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(directory)], capture_output=True, check=True)


def watched(ground: Private) -> bool:
    """Whether the fleet has a watchdog."""
    return ground.described.watchdog is not None


def missing(ground: Private, fault: Fault) -> str:
    """Say why a fault has to be skipped; empty when it has not."""
    if fault.needs == "watchdog" and not watched(ground):
        return "there is no [program:watchdog]"
    if fault.needs == "disk" and not os.path.ismount(ground.supervisord_conf.parent / "run"):
        return "only root can give the logs a small disk of their own"
    if fault.needs == "plugin" and ground.rpc.plugin() is None:
        return "there is no [rpcinterface:fleet]"
    return ""


def drill(ground: Private, fault: Fault, clients: int, rate: float) -> Result:
    """Put load on the fleet, cause the fault, wait until all is ready, and count.

    Args:
        ground: the fleet.
        fault: the fault.
        clients: how many kept-alive clients.
        rate: requests a second of all together, 0 for as many as go.
    """
    if reason := missing(ground, fault):
        return Result(fault.name, verdict="skipped", reasons={reason: 1})
    trouble = ""
    with _load(ground.port, clients, rate) as load:
        ground.until("the load to run for a while", ground.elapsed(LEAD))
        began = time.monotonic()
        try:
            fault.act(ground)
            ground.until("every process to be ready", ground.is_ready)
        except (FleetError, subprocess.TimeoutExpired, OSError) as error:
            trouble = str(error)
        ended = time.monotonic()
        ground.until("the load to run for a while", ground.elapsed(TAIL))
        tally = _account(load)
    bad = fault.rule(tally.lost, began, ended)
    if fault.reloads:
        bad = excused(bad, running(ground.nginx_conf).version())
    reasons = Counter(f"{each.method}: {each.reason}" for each in tally.lost)
    return Result(
        fault.name,
        tally.answered + len(tally.lost),
        len(tally.lost),
        tally.worst(began),
        ended - began,
        "failed" if bad or trouble or not tally.answered else "ok",
        {**reasons, **({trouble: 1} if trouble else {})},
    )


@contextmanager
def _load(port: int, clients: int, rate: float) -> Iterator[subprocess.Popen[str]]:
    """Run the generator; it is killed when its account is not asked for."""
    options: Sequence[str] = (f"--port={port}", f"--clients={clients}", f"--rate={rate}")
    command = [sys.executable, "-m", "aiohttp_fleet.drill.generator", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        try:
            assert load.stdout is not None  # it is a pipe
            load.stdout.readline()
            yield load
        finally:
            if load.poll() is None:
                load.kill()


def _account(load: subprocess.Popen[str]) -> Tally:
    account = json.loads(load.communicate(timeout=ACCOUNT)[0])
    return Tally([(at, latency) for at, latency in account["answers"]], [Lost(**each) for each in account["lost"]])
