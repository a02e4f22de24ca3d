"""The environment variables that differ from worker to worker, those of --env-file included that refer to them."""

import os
import time
from collections.abc import Mapping

from aiohttp_fleet.worker.env_files import apply_env_files


class Variables:
    """The variables that a template does not have.

    Args:
        texts: of the files, see `aiohttp_fleet.worker.env_files.read_env_files`; their other variables are loaded.
        own: the variables of one worker that differ from those of the others.

    Attributes:
        names: of all that differ.
    """

    def __init__(self, texts: Mapping[str, str], own: Mapping[str, str]) -> None:
        self._texts = texts
        one, other = (self._after(environ) for environ in (own, {name: f"{value}?" for name, value in own.items()}))
        self._dependent = {name for name in one if one[name] != other.get(name)} - own.keys()
        self.names = {*own, *self._dependent}
        os.environ.update({name: value for name, value in self._after({}).items() if name not in self._dependent})
        time.tzset()

    def set(self, own: Mapping[str, str]) -> None:
        """Give this process the variables of a worker.

        Args:
            own: those that differ and are in no file.
        """
        after = self._after(own)
        os.environ.update({**own, **{name: after[name] for name in self._dependent}})
        if "TZ" in self.names:
            time.tzset()

    def _after(self, own: Mapping[str, str]) -> dict[str, str]:
        """Return what the environment would be; the files refer to that of the process (python-dotenv)."""
        before = dict(os.environ)
        try:
            os.environ.update(own)
            apply_env_files(self._texts)
            return dict(os.environ)
        finally:
            os.environ.clear()
            os.environ.update(before)
