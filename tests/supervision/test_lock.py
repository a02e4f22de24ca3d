"""Tests of aiohttp_fleet/supervision/lock.py."""

import os
import shutil
from pathlib import Path

import pytest

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.supervision.lock import exclusive_lock
from tests.place import PROJECT, ROOT


def test_the_second_is_refused_with_the_name_of_the_first(place: Path) -> None:
    """One change at a time; when the first has ended, the next may begin."""
    shutil.copy(PROJECT / "deploy" / "supervisord.conf", place)
    (place / "run").mkdir()
    fleet = read_fleet(place / "supervisord.conf", "aiohttp")
    with (
        exclusive_lock(fleet, "fleet restart"),
        pytest.raises(FleetError, match=rf"fleet restart \(pid {os.getpid()}\) is changing the fleet"),
        exclusive_lock(fleet, "fleet scale"),
    ):
        pass
    with exclusive_lock(fleet, "fleet scale"):
        pass


def test_a_missing_directory_is_an_error(place: Path) -> None:
    """Without deploy/run there is no fleet to change."""
    shutil.copy(PROJECT / "deploy" / "supervisord.conf", place)
    (place / "run").mkdir()
    fleet = read_fleet(place / "supervisord.conf", "aiohttp")
    (place / "run").rmdir()
    with pytest.raises(FleetError, match="fleet.lock: cannot be opened"), exclusive_lock(fleet, "fleet restart"):
        pass


@pytest.mark.skipif(not ROOT, reason="only root can lock another user's fleet")
def test_the_lock_belongs_to_the_owner_of_the_directory(place: Path) -> None:
    """After root's "fleet restart" the fleet's own user, such as that of its service, can run the next."""
    shutil.copy(PROJECT / "deploy" / "supervisord.conf", place)
    (place / "run").mkdir()
    shutil.chown(place / "run", "daemon")
    fleet = read_fleet(place / "supervisord.conf", "aiohttp")
    with exclusive_lock(fleet, "fleet restart"):
        assert fleet.lock.owner() == "daemon"
