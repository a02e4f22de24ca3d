"""All faults, in the order of a drill."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp_fleet.drill import acts, blows
from aiohttp_fleet.drill.ground import Ground
from aiohttp_fleet.drill.private import Private
from aiohttp_fleet.drill.rules import Rule, meanwhile, nothing, posts
from aiohttp_fleet.drill.tally import Tally


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: what the command line calls it.
        act: causes it, and returns when what is particular to it is over; returns what else was asked in it.
        here: the same, when it may be caused on a running fleet as well.
        rule: what it may cost.
        needs: what it needs: ``nginx``, ``plugin``, ``watchdog`` or ``disk``.
    """

    name: str
    act: Callable[[Private], Tally | None]
    here: Callable[[Ground], Tally | None] | None = None
    rule: Rule = nothing
    needs: str = ""

    @property
    def sentence(self) -> str:
        """What it does."""
        return (self.act.__doc__ or "").strip()


FAULTS = (
    Fault("calm", acts.calm, acts.calm),
    Fault("restart-all", acts.restart_all, acts.restart_all),
    Fault("restart-one", acts.restart_one, acts.restart_one),
    Fault("roll", acts.roll, acts.roll),
    Fault("broken-import", acts.broken_import),
    Fault("failing-start", acts.failing_start),
    Fault("hanging-start", acts.hanging_start),
    Fault("scale-up", acts.scale_up, acts.scale_up, needs="plugin"),
    Fault("scale-down", acts.scale_down, acts.scale_down, needs="plugin"),
    Fault("update", acts.update, needs="plugin"),
    Fault("nginx-reload", acts.nginx_reload, acts.nginx_reload, needs="nginx"),
    Fault("kill-worker", blows.kill_worker, blows.kill_worker, rule=posts),
    Fault("block", blows.block, rule=posts, needs="watchdog"),
    Fault("stop", blows.stop, blows.stop, rule=posts, needs="watchdog"),
    Fault("leak", blows.leak, needs="watchdog"),
    Fault("kill-supervisord", blows.kill_supervisord),
    Fault("shutdown", blows.shutdown, rule=meanwhile),
    Fault("unlink", blows.unlink, blows.unlink),
    Fault("second", blows.second),
    Fault("burst", blows.crowd),
    Fault("log-full", blows.log_full, needs="disk"),
)
