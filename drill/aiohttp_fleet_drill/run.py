"""One fault under load, and what it cost."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet_drill.faults import Fault
from aiohttp_fleet_drill.load import Load, running
from aiohttp_fleet_drill.tally import Tally
from aiohttp_fleet_drill.target import Target

LEAD = 1.0
"""Seconds of load before a fault."""
TAIL = 1.5
"""Seconds of load after everything is ready again: longer than a skipped worker is skipped."""
USUAL = 0.99
G = TypeVar("G", bound=Target)


@dataclass(frozen=True)
class Result:
    """What a fault cost.

    Attributes:
        name: the fault's.
        requests: how many were made.
        lost: how many were not answered right.
        usual: the latency that 99 of 100 were within, in seconds, from the fault on.
        worst: the longest latency, in seconds, from the fault on.
        recovered: seconds from the fault until every process was ready again.
        verdict: ``ok``, ``failed`` or ``skipped``.
        reasons: what was lost, how often and when; why it failed or was skipped.
    """

    name: str
    requests: int = 0
    lost: int = 0
    usual: float = 0.0
    worst: float = 0.0
    recovered: float = 0.0
    verdict: str = "ok"
    reasons: tuple[str, ...] = ()


def drill(ground: G, fault: Fault, act: Callable[[G], Tally | None] | None, load: Load) -> Result:
    """Put load on the fleet, cause the fault, wait until all is ready, and count.

    Args:
        ground: the fleet.
        fault: the fault.
        act: what causes it on such a ground, None when nothing may.
        load: the load.

    Raises:
        FleetError: the load itself has failed.
    """
    reason = _missing(ground, fault)
    if act is None or reason:
        return Result(fault.name, verdict="skipped", reasons=(reason or "it needs a private copy",))
    trouble, more = "", None
    with running(load, ground.address) as asking:
        ground.until("the load to run for a while", ground.elapsed(LEAD))
        began = time.monotonic()
        try:
            more = act(ground)
            ground.until("every process to be ready", ground.is_ready)
        except (FleetError, subprocess.TimeoutExpired, OSError) as error:
            trouble = str(error)
        ended = time.monotonic()
        ground.until("the load to run for a while", ground.elapsed(TAIL))
        tally = asking.end()
    if more:
        tally = Tally(tally.answers + more.answers, tally.lost + more.lost)
    return _judged(ground, fault, tally, began, ended, trouble)


def _judged(ground: Target, fault: Fault, tally: Tally, began: float, ended: float, trouble: str) -> Result:
    bad = fault.rule(tally.lost, began, ended)
    return Result(
        fault.name,
        tally.requests,
        len(tally.lost),
        tally.latency(USUAL, began),
        tally.latency(1, began),
        ended - began,
        "failed" if bad or trouble or not tally.answered else "ok",
        (*tally.reasons(began), *([trouble] if trouble else [])),
    )


def _missing(ground: Target, fault: Fault) -> str:
    """Say why a fault has to be skipped; empty when it has not."""
    fleet = ground.described
    if fault.needs == "nginx" and fleet.nginx is None:
        return "there is no [program:nginx]"
    if fault.needs == "watchdog" and fleet.watchdog is None:
        return "there is no [program:watchdog]"
    if fault.needs == "disk" and not os.path.ismount(ground.supervisord_conf.parent / "run"):
        return "only root can give the logs a small disk of their own"
    if fault.needs == "plugin" and ground.rpc.plugin() is None:
        return "there is no [rpcinterface:fleet]"
    return ""
