"""What each worker gets after the fork: what a fork does not inherit, and what must differ in each."""

import random

from aiohttp_fleet.template.attributes import give, take
from aiohttp_fleet.template.differ import differ_in_uuids, numpy_generators, reseed
from aiohttp_fleet.template.import_watch import ImportWatch
from aiohttp_fleet.template.open_files import read_files, reopen


class AfterFork:
    """Remembers it before the first fork, and before gc.freeze(), which hides what the import has made.

    Args:
        watch: of the import.
        title: of this process, before the import.
    """

    def __init__(self, watch: ImportWatch, title: str) -> None:
        self._watch = watch
        self._numbers = numpy_generators()
        self._state = random.getstate()
        self._files = read_files()
        self._attributes = take(title)

    def apply(self) -> None:
        """Give it to this process, a worker."""
        reopen(self._files)
        reseed(self._watch.unseeded, self._numbers)
        differ_in_uuids()
        if self._watch.is_seeded:
            random.setstate(self._state)
        give(*self._attributes)
