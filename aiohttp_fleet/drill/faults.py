"""All faults, in the order of a drill."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp_fleet.drill import acts, blows
from aiohttp_fleet.drill.ground import Private
from aiohttp_fleet.drill.rules import Rule, meanwhile, nothing, posts


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: what the command line calls it.
        act: causes it, and returns when what is particular to it is over.
        rule: what it may cost.
        reloads: whether nginx is reloaded in it, see `rules.OLD_NGINX`.
        needs: what it needs: ``plugin``, ``watchdog`` or ``disk``.
    """

    name: str
    act: Callable[[Private], None]
    rule: Rule = nothing
    needs: str = ""
    reloads: bool = False

    @property
    def sentence(self) -> str:
        """What it does."""
        return (self.act.__doc__ or "").strip()


FAULTS = (
    Fault("calm", acts.calm),
    Fault("restart-all", acts.restart_all),
    Fault("restart-one", acts.restart_one),
    Fault("roll", acts.roll),
    Fault("broken-import", acts.broken_import),
    Fault("failing-start", acts.failing_start),
    Fault("hanging-start", acts.hanging_start),
    Fault("scale-up", acts.scale_up, needs="plugin", reloads=True),
    Fault("scale-down", acts.scale_down, needs="plugin", reloads=True),
    Fault("update", acts.update, needs="plugin", reloads=True),
    Fault("nginx-reload", acts.nginx_reload, reloads=True),
    Fault("kill-worker", blows.kill_worker, posts),
    Fault("block", blows.block, posts, needs="watchdog"),
    Fault("stop", blows.stop, posts, needs="watchdog"),
    Fault("leak", blows.leak, needs="watchdog"),
    Fault("kill-supervisord", blows.kill_supervisord),
    Fault("shutdown", blows.shutdown, meanwhile),
    Fault("unlink", blows.unlink),
    Fault("second", blows.second),
    Fault("burst", blows.crowd),
    Fault("log-full", blows.log_full, needs="disk"),
)
