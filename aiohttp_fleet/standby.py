"""``python -m aiohttp_fleet.standby SUPERVISORD_CONF --path=SOCKET``: become a worker with the workers' own command.

So the two commands cannot differ, and ``supervisorctl update`` after an edit of the workers' leaves the standby alone:
it keeps what it was started with until it is restarted.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.config.fleet import Worker
from aiohttp_fleet.config.standby_command import standby_arguments, standby_of
from aiohttp_fleet.config.supervisord_conf import read_fleet


def resolve(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[Worker, dict[str, str]]:
    """Return the standby that supervisord.conf describes now, and its environment.

    Args:
        arguments: what follows ``python -m aiohttp_fleet.standby``.
        environ: the environment that supervisord has given it.

    Raises:
        FleetError: the arguments or the file are wrong.
    """
    try:
        given = standby_arguments(arguments)
    except ValueError as error:
        raise FleetError("standby", str(error), "see python -m aiohttp_fleet.standby --help") from None
    fleet = read_fleet(Path(given.conf).absolute(), given.program)
    if fleet.standby is None:
        raise FleetError(given.conf, "there is no [program:standby] in it", "add it, see the shipped file")
    standby = standby_of(fleet.workers, fleet.standby, given)
    return standby, {**environ, **standby.environment}


def main(arguments: Sequence[str]) -> int:
    """Replace this process by the worker; return only when that fails."""
    try:
        standby, environ = resolve(arguments, os.environ)
        if standby.directory:
            os.chdir(standby.directory)
        os.execvpe(standby.argv[0], standby.argv, environ)
    except FleetError as error:
        log_line(str(error))
    except OSError as error:
        log_line(f"{error.filename}: cannot be run ({error.strerror}); see the workers' command in supervisord.conf")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
