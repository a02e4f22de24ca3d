"""Find supervisord.conf."""

from pathlib import Path

from aiohttp_fleet.common.errors import FleetError

DEFAULT_CONF = Path("deploy") / "supervisord.conf"


def locate_conf(given: Path | None) -> Path:
    """Return the absolute path of supervisord.conf: the given one, else that of the nearest ``deploy/`` upwards.

    Raises:
        FleetError: there is none.
    """
    if given is not None:
        if not given.is_file():
            raise FleetError(str(given), "there is no such file", "name a supervisord.conf with --config")
        return given.absolute()
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / DEFAULT_CONF).is_file():
            return directory / DEFAULT_CONF
    step = "go to the project, or name it with --config"
    raise FleetError(str(DEFAULT_CONF), f"there is none in {here} or above it", step)
