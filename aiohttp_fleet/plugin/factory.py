"""What supervisord calls: ``supervisor.rpcinterface_factory=aiohttp_fleet.plugin.factory:make_rpcinterface``.

Everything that parses supervisord.conf with supervisor's parser imports this module, ``fleet`` included; so it imports
nothing of aiohttp before the factory is called.
"""

from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

from supervisor.xmlrpc import Faults, RPCError

from aiohttp_fleet.plugin.supervisor_internals import FEATURES, why_without

if TYPE_CHECKING:
    from aiohttp_fleet.plugin.drive_restart import Restarts
    from aiohttp_fleet.plugin.templates import Templates


class FleetInterface:
    """The namespace ``fleet`` of supervisord's RPC.

    Args:
        templates: what workers are forked from, None when it could not be installed.
        restarts: the rolling restart, None when it could not be installed.
        missing: a sentence for each feature that could not be installed.
    """

    def __init__(self, templates: "Templates | None", restarts: "Restarts | None", missing: list[str]) -> None:
        self._templates = templates
        self._restarts = restarts
        self._missing = missing

    def getPlugin(self) -> dict[str, Any]:  # noqa: N802, supervisor's way to name its methods
        """Return what the plugin does.

        @return struct result  A struct with keys bool forks, array templates, array missing
        """
        templates = self._templates.describe() if self._templates else []
        return {"forks": self._templates is not None, "templates": templates, "missing": self._missing}

    def startRestart(  # noqa: N802
        self, names: list[str], timeout: float, check: str, owner: str, is_new: bool = True
    ) -> bool:
        """Start a rolling restart and return at once.

        @param array names     Process names (or ``group:name``), in order
        @param double timeout  Seconds that each process gets to become ready
        @param string check    Path that each has to answer with a status below 400, or an empty string
        @param string owner    The command that starts it, for reports
        @param bool is_new     Whether they get the code that is there now; else the code that the fleet runs
        @return boolean result Always true unless error
        """
        self._available().start(names, timeout, check, owner, is_new)
        return True

    def getRestart(self) -> dict[str, Any]:  # noqa: N802
        """Return the rolling restart that runs, or the last one.

        @return struct result  A struct, see supervision/restart_steps.py; without workers when there was none
        """
        return asdict(self._available().restart.report)

    def cancelRestart(self) -> bool:  # noqa: N802
        """End the rolling restart as soon as no process is stopped.

        @return boolean result Always true unless error
        """
        self._available().restart.cancel()
        return True

    def _available(self) -> "Restarts":
        if self._restarts is None:  # as without the plugin
            raise RPCError(Faults.UNKNOWN_METHOD)
        return self._restarts


def make_rpcinterface(supervisord: Any, **settings: str) -> FleetInterface:
    """Install the plugin in a starting supervisord.

    Args:
        supervisord: supervisor's ``Supervisor``.
        settings: further lines of the section; there are none that it knows.

    Returns:
        The RPC namespace. Nothing is raised: without the plugin supervisord would not start at all. What cannot be
        installed is a line in supervisord's log.
    """
    logger = supervisord.options.logger
    if settings:
        logger.warn(f"fleet: [rpcinterface:fleet] has no setting {', '.join(settings)}; ignored")
    missing: list[str] = []

    def installed(feature: str, *needed: Any) -> Any:
        try:
            if not (reason := why_without(feature, supervisord)):
                return import_module(f"aiohttp_fleet.plugin.{feature}").install(supervisord, *needed)
        except Exception as error:
            reason = f"{FEATURES[feature][0]} ({type(error).__name__}: {error})"
        missing.append(reason)
        logger.warn(f"fleet: {reason}")
        return None

    templates = installed("templates")
    restarts = installed("drive_restart", templates)
    for feature in ("live_numprocs", "keep_standby", "end_children"):
        installed(feature)
    return FleetInterface(templates, restarts, missing)
