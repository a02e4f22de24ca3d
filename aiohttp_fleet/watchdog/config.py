"""supervisord.conf, read again when it has changed."""

from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.fleet import Fleet
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.watchdog.notify import Notifier


class WatchedConfig:
    """The fleet as the file has it now.

    Args:
        path: supervisord.conf.
        program: the workers' program.
        notifier: reports that the file has a mistake in it.

    Raises:
        FleetError: it has one at the start.
    """

    def __init__(self, path: Path, program: str, notifier: Notifier) -> None:
        self._path = path.resolve()
        self._program = program
        self._notifier = notifier
        self._stamp = self._changed()
        self._fleet = read_fleet(self._path, program)

    def fleet(self) -> Fleet:
        """Return the fleet; the last good one while the file has a mistake in it."""
        stamp = self._changed()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._fleet = read_fleet(self._path, self._program)
            except FleetError as error:
                self._notifier.problem(self._path.name, str(error))
            else:
                self._notifier.fine(self._path.name)
        return self._fleet

    def _changed(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:  # it is being replaced
            return 0
