"""Where tests happen: the project, and who workers become."""

import os
import stat
import sys
from pathlib import Path

from aiohttp_fleet_drill.sandbox import free_port, sandbox

__all__ = ["PROJECT", "ROOT", "USER", "free_port", "sandbox"]

PROJECT = Path(__file__).parent.parent


def _everybody_may_read(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def _worker_user() -> str:
    """Who workers become in the tests: nobody, as shipped, unless this checkout is under somebody's private home."""
    reachable = all(map(_everybody_may_read, (PROJECT, Path(sys.prefix), Path(sys.base_prefix))))
    return "nobody" if reachable else "root"


ROOT = os.geteuid() == 0
USER = _worker_user()
