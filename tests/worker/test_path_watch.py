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


@pytest.mark.parametrize("take", [Path.unlink, _replace, lambda path: path.rename(path.parent / "elsewhere")])
def test_a_path_that_is_taken_away_is_noticed(place: Path, take: Callable[[Path], None]) -> None:
    """Unlinked, replaced or renamed; and what is not there does not keep the others from being watched."""
    path = place / "web.sock"
    path.touch()

    async def notice() -> None:
        with closing(PathWatch()) as notice:
            notice.watch([str(place / "missing"), str(path)])
            take(path)
            await asyncio.wait_for(notice.changed.wait(), DEADLINE)

    asyncio.run(notice())


def test_it_is_noticed_once(place: Path) -> None:
    """The next watch is of what is there now."""
    path = place / "web.sock"
    path.touch()

    async def notice() -> bool:
        with closing(PathWatch()) as notice:
            notice.watch([str(path)])
            path.unlink()
            await asyncio.wait_for(notice.changed.wait(), DEADLINE)
            notice.watch([str(path)])
            return notice.changed.is_set()

    assert not asyncio.run(notice())


def test_without_inotify_there_is_no_notice_and_no_error(place: Path) -> None:
    """A user has 128 of them, and a process its limit of descriptors; the regular look has to do."""
    path = place / "web.sock"
    path.touch()

    async def notice() -> bool:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            notice = PathWatch()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with closing(notice):
            notice.watch([str(path)])
            path.unlink()
            await asyncio.sleep(0)
            return notice.changed.is_set()

    assert not asyncio.run(notice())
