"""The list of all faults, in the order of a drill; each is in the module of its kind, such as crash_faults.py."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp_fleet_drill import crash_faults, operator_faults
from aiohttp_fleet_drill.private_copy import PrivateCopy
from aiohttp_fleet_drill.tally import Rule, Tally, during, nothing, posts
from aiohttp_fleet_drill.target import Target


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: its name on the command line.
        cause: causes it on a private copy, and returns when what is particular to it is over; returns the tally of its
            own requests, if it sends any.
        cause_live: the same on a running fleet; None when it must not be caused there.
        rule: what it may cost.
        needs: what it needs: ``nginx``, ``plugin``, ``watchdog`` or ``disk``.
    """

    name: str
    cause: Callable[[PrivateCopy], Tally | None]
    cause_live: Callable[[Target], Tally | None] | None = None
    rule: Rule = nothing
    needs: str = ""

    @property
    def sentence(self) -> str:
        """What it does."""
        return (self.cause.__doc__ or "").strip()


FAULTS = (
    Fault("calm", operator_faults.calm, operator_faults.calm),
    Fault("restart-all", operator_faults.restart_all, operator_faults.restart_all),
    Fault("restart-one", operator_faults.restart_one, operator_faults.restart_one),
    Fault("rolling-restart", operator_faults.rolling_restart, operator_faults.rolling_restart),
    Fault("broken-import", operator_faults.broken_import),
    Fault("failing-start", operator_faults.failing_start),
    Fault("hanging-start", operator_faults.hanging_start),
    Fault("scale-up", operator_faults.scale_up, operator_faults.scale_up, needs="plugin"),
    Fault("scale-down", operator_faults.scale_down, operator_faults.scale_down, needs="plugin"),
    Fault("update", operator_faults.update, needs="plugin"),
    Fault("nginx-reload", operator_faults.nginx_reload, operator_faults.nginx_reload, needs="nginx"),
    Fault("kill-worker", crash_faults.kill_worker, crash_faults.kill_worker, rule=posts),
    Fault("block", crash_faults.block, rule=posts, needs="watchdog"),
    Fault("stop", crash_faults.stop, crash_faults.stop, rule=posts, needs="watchdog"),
    Fault("leak", crash_faults.leak, needs="watchdog"),
    Fault("kill-template", crash_faults.kill_template, needs="plugin"),
    Fault("stop-template", crash_faults.stop_template, needs="plugin"),
    Fault("kill-supervisord", crash_faults.kill_supervisord),
    Fault("shutdown", crash_faults.shutdown, rule=during),
    Fault("unlink", crash_faults.unlink, crash_faults.unlink),
    Fault("second", crash_faults.second),
    Fault("burst", crash_faults.burst_of_clients),
    Fault("log-full", crash_faults.log_full, needs="disk"),
)
