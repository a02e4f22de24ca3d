"""How many nginx workers this machine is good for, put into ``run/``, from where nginx.conf includes it."""

from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.limits import cores, file_limit
from aiohttp_fleet.nginx.directives import directive

CORES = 3
"""For each nginx worker: it costs a third to a half of what the application costs for a small answer."""
TWO = 2
"""At least, where there are as many cores: 1.02 to 1.11 times the requests a second of one, on two."""
CLIENTS = 10_000
"""That are to be answered at once."""
FILES = 22_000
"""For that: two each, and nginx begins to close idle connections at 15/16 of worker_connections in nginx.conf."""


def install_worker_count(conf: Path, text: str) -> None:
    """Write ``run/processes.conf`` and, for more than one nginx worker, ``run/zone.conf``.

    Args:
        conf: nginx.conf.
        text: what is in it, or is to be; a number of its own holds.

    Raises:
        FleetError: ``run/`` is not writable.
    """
    run = conf.parent / "run"
    try:
        own = directive("worker_processes", text)
        number, reason = processes(cores(), file_limit())
        line = f"worker_processes {number}; # {reason}\n"
        for name in ("processes.conf", "zone.conf"):
            (run / name).unlink(missing_ok=True)  # root's, after its "fleet reload", cannot be written by another
        (run / "processes.conf").write_text("" if own else line)
        if (own or str(number)) != "1":
            (run / "zone.conf").write_text("zone aiohttp 64k;\n")
    except OSError as error:
        raise FleetError(str(error.filename), f"out of reach ({error.strerror})", "see ls -l") from None


def processes(cores: int, files: int) -> tuple[int, str]:
    """Return how many nginx workers there should be, and why.

    Args:
        cores: of the machine.
        files: that each of them may have open.
    """
    by_cores, by_files = max(min(TWO, cores), -(-cores // CORES)), -(-FILES // files)
    if by_cores >= min(by_files, cores):
        return by_cores, f"for {cores} cores"
    return min(by_files, cores), f"with {files} open files one would not do for {CLIENTS} clients"
