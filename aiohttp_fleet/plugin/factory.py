"""What supervisord calls: ``supervisor.rpcinterface_factory=aiohttp_fleet.plugin.factory:make_rpcinterface``.

Whoever parses supervisord.conf with supervisor's parser imports this module, ``fleet`` included; so it imports
nothing of aiohttp before the factory is called.
"""

from typing import TYPE_CHECKING, Any

from aiohttp_fleet.plugin.keep_standby import KeepStandby
from aiohttp_fleet.plugin.live_numprocs import LiveNumprocs

if TYPE_CHECKING:
    from aiohttp_fleet.plugin.fork import Forking


class FleetInterface:
    """The namespace ``fleet`` of supervisord's RPC.

    Args:
        forking: what forks workers, None when it could not be set up.
        trouble: why not.
    """

    def __init__(self, forking: "Forking | None", trouble: str) -> None:
        self._forking = forking
        self._trouble = trouble

    def getPlugin(self) -> dict[str, Any]:  # noqa: N802, supervisor's way to name its methods
        """Return whether workers are forked, and why not.

        @return struct result  A struct with keys bool forks, string reason
        """
        reason = self._forking.trouble() if self._forking else self._trouble
        return {"forks": not reason, "reason": reason}


def make_rpcinterface(supervisord: Any, **settings: str) -> FleetInterface:
    """Set up the plugin in a starting supervisord.

    Args:
        supervisord: supervisor's ``Supervisor``.
        settings: further lines of the section; there are none that it knows.

    Returns:
        The RPC namespace. Nothing is raised: without the plugin supervisord would not start at all.
    """
    logger = supervisord.options.logger
    if settings:
        logger.warn(f"fleet: [rpcinterface:fleet] has no setting {', '.join(settings)}; ignored")
    forking, trouble = None, ""
    try:
        from aiohttp_fleet.plugin.fork import Forking

        forking = Forking(supervisord.options.execve)
        supervisord.options.execve = forking
    except Exception as error:
        trouble = f"the worker cannot be loaded into supervisord ({type(error).__name__}: {error})"
        logger.warn(f"fleet: {trouble}; workers are executed")
    try:
        LiveNumprocs(supervisord).install()
    except Exception as error:
        logger.warn(f"fleet: no live change of numprocs ({type(error).__name__}: {error})")
    try:
        KeepStandby(supervisord).install()
    except Exception as error:
        logger.warn(f"fleet: the standby does not wait for the workers ({type(error).__name__}: {error})")
    return FleetInterface(forking, trouble)
