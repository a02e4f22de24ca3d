"""The directories of the tests, and the user of their workers."""

import os
import stat
import sys
from pathlib import Path

from aiohttp_fleet_drill.sandbox import free_port, sandbox

__all__ = ["PROJECT", "ROOT", "USER", "free_port", "sandbox"]

PROJECT = Path(__file__).parent.parent


def _all_may_read(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents))


def _worker_user() -> str:
    """Return the user of the workers: user nobody, as shipped, unless this checkout is in a private home directory."""
    reachable = all(map(_all_may_read, (PROJECT, Path(sys.prefix), Path(sys.base_prefix))))
    return "nobody" if reachable else "root"


ROOT = os.geteuid() == 0
USER = _worker_user()
