"""Tests of aiohttp_fleet/worker/path_watch.py, on real files."""

import asyncio
import os
import resource
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aiohttp_fleet.worker.path_watch import PathWatch

DEADLINE = 10


def _replace(path: Path) -> None:
    (path.parent / "other").touch()
    (path.parent / "other").rename(path)


@pytest.mark.parametrize("remove", [Path.unlink, _replace, lambda path: path.rename(path.parent / "elsewhere")])
def test_a_path_that_is_removed_is_noticed(place: Path, remove: Callable[[Path], None]) -> None:
    """Unlinked, replaced or renamed; a missing path does not keep the others from being watched."""
    path = place / "web.sock"
    path.touch()

    async def changes() -> None:
        with closing(PathWatch()) as path_watch:
            path_watch.watch([str(place / "missing"), str(path)])
            remove(path)
            await asyncio.wait_for(path_watch.changed.wait(), DEADLINE)

    asyncio.run(changes())


def test_it_is_noticed_once(place: Path) -> None:
    """The next watch is of the file that is there now."""
    path = place / "web.sock"
    path.touch()

    async def changes() -> bool:
        with closing(PathWatch()) as path_watch:
            path_watch.watch([str(path)])
            path.unlink()
            await asyncio.wait_for(path_watch.changed.wait(), DEADLINE)
            path_watch.watch([str(path)])
            return path_watch.changed.is_set()

    assert not asyncio.run(changes())


def test_without_inotify_nothing_is_noticed_and_nothing_fails(place: Path) -> None:
    """A user has 128 instances, and a process its limit of descriptors; the regular check is enough."""
    path = place / "web.sock"
    path.touch()

    async def changes() -> bool:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            path_watch = PathWatch()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with closing(path_watch):
            path_watch.watch([str(path)])
            path.unlink()
            await asyncio.sleep(0)
            return path_watch.changed.is_set()

    assert not asyncio.run(changes())
