"""One fault under load, and what it cost; on a private copy of a fleet, or on the running fleet itself."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet_drill.faults import Fault
from aiohttp_fleet_drill.live_target import live_target
from aiohttp_fleet_drill.load import Load, running
from aiohttp_fleet_drill.private_copy import PrivateCopy, private_copy
from aiohttp_fleet_drill.tally import Tally
from aiohttp_fleet_drill.target import Target

BEFORE = 1.0
"""Seconds of load before a fault."""
AFTER = 1.5
"""Seconds of load after everything is ready again: longer than nginx skips a worker."""


@dataclass(frozen=True)
class Result:
    """What a fault cost.

    Attributes:
        name: the fault's.
        requests: the number of requests.
        failed: how many of them had no right response.
        repeated: how often a POST was handled again; None where this cannot be counted.
        p99: the latency in seconds that 99 of 100 requests did not exceed, from the fault on.
        worst: the longest latency in seconds, from the fault on.
        recovered: seconds from the fault until every process was ready again.
        verdict: ``ok``, ``failed`` or ``skipped``.
        reasons: which requests failed or were repeated, how often and when; why the fault failed or was skipped.
    """

    name: str
    requests: int = 0
    failed: int = 0
    repeated: int | None = None
    p99: float = 0.0
    worst: float = 0.0
    recovered: float = 0.0
    verdict: str = "ok"
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drill:
    """A fleet that is ready for faults.

    Attributes:
        run: causes one fault under load.
        evidence: returns the ends of its logs; nothing for a running fleet, whose logs the operator has.
    """

    run: Callable[[Fault], Result]
    evidence: Callable[[], str]


@contextmanager
def drill_copy(fleet: Fleet, load: Load, user: str) -> Iterator[Drill]:
    """Drill a private copy, see `private_copy`."""
    with private_copy(fleet.supervisord_conf.parent, fleet.program, user) as target:
        yield Drill(lambda fault: _run(target, fault, lambda: fault.cause(target), load), target.evidence)


@contextmanager
def drill_live(fleet: Fleet, load: Load, sure: bool) -> Iterator[Drill]:
    """Drill the running fleet, see `live_target`."""
    with live_target(Target(fleet.supervisord_conf, fleet.program), sure) as target:

        def run(fault: Fault) -> Result:
            cause = fault.cause_live
            return _run(target, fault, None if cause is None else lambda: cause(target), load)

        yield Drill(run, lambda: "")


def _run(target: Target, fault: Fault, cause: Callable[[], Tally | None] | None, load: Load) -> Result:
    """Put load on the fleet, cause the fault, wait until all is ready, and count.

    Raises:
        FleetError: the load itself has failed.
    """
    reason = _missing(target, fault)
    if cause is None or reason:
        return Result(fault.name, verdict="skipped", reasons=(reason or "it needs a private copy",))
    error, more = "", None
    posts = target.posts if isinstance(target, PrivateCopy) else None
    with running(load, target.address, posts) as end:
        target.until("the load to run for a while", target.elapsed(BEFORE))
        began = time.monotonic()
        try:
            more = cause()
            target.until("every process to be ready", target.is_ready)
        except (FleetError, subprocess.TimeoutExpired, OSError) as raised:
            error = str(raised)
        ended = time.monotonic()
        target.until("the load to run for a while", target.elapsed(AFTER))
        tally = end()
    if more:
        tally = Tally(tally.answers + more.answers, tally.failed + more.failed, tally.repeated)
    return _result(fault, tally, began, ended, error)


def _result(fault: Fault, tally: Tally, began: float, ended: float, error: str) -> Result:
    inexcusable = fault.rule(tally.failed, began, ended) or tally.repeated
    return Result(
        fault.name,
        tally.requests,
        len(tally.failed),
        None if tally.repeated is None else len(tally.repeated),
        tally.latency(0.99, began),
        tally.latency(1, began),
        ended - began,
        "failed" if inexcusable or error or not tally.answered else "ok",
        (*tally.reasons(began), *([error] if error else [])),
    )


def _missing(target: Target, fault: Fault) -> str:
    """Return why a fault has to be skipped; empty when it has not."""
    fleet = target.described
    if fault.needs == "nginx" and fleet.nginx is None:
        return "there is no [program:nginx]"
    if fault.needs == "watchdog" and fleet.watchdog is None:
        return "there is no [program:watchdog]"
    if fault.needs == "disk" and not os.path.ismount(target.supervisord_conf.parent / "run"):
        return "only root can give the logs a small disk of their own"
    if fault.needs == "plugin" and target.rpc.plugin() is None:
        return "there is no [rpcinterface:fleet]"
    return ""
