"""End the processes that a worker has forked when it dies: they would stay, after a shutdown too.

supervisord makes each process the leader of a process group. What the application detaches (setsid) is not in it.
"""

import functools
import os
import signal
from typing import Any

from supervisor.process import Subprocess

from aiohttp_fleet.config.standby_command import MODULE, WORKER


def install(supervisord: Any) -> None:
    """Wrap what supervisord does when a process has ended; ``supervisorctl reload`` installs it again."""
    finish = getattr(Subprocess.finish, "__wrapped__", Subprocess.finish)
    logger = supervisord.options.logger

    @functools.wraps(finish)
    def finish_and_end_children(process: Any, pid: int, status: int) -> Any:
        done = finish(process, pid, status)
        if os.WIFSIGNALED(status) and {WORKER, MODULE} & set(process.config.command.split()):
            try:
                os.killpg(pid, signal.SIGTERM)
                logger.info(f"fleet: {process.config.name} has died; SIGTERM sent to the processes that it had forked")
            except ProcessLookupError:
                pass
            except OSError as error:
                logger.warn(f"fleet: processes that {process.config.name} had forked: {error.strerror}")
        return done

    Subprocess.finish = finish_and_end_children
