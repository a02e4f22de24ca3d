"""Tests of aiohttp_fleet/operate/start_restart.py."""

from dataclasses import replace

from aiohttp_fleet.config.supervisord_conf import read_fleet
from aiohttp_fleet.operate.start_restart import has_spare, restart_order, select_workers
from tests.place import PROJECT

FLEET = read_fleet(PROJECT / "deploy" / "supervisord.conf", "aiohttp")
ALL = {"web1", "web2", "web3", "web4", "standby"}


def test_who_does_not_serve_comes_first() -> None:
    """A fleet that a bad deploy has broken is fixed before it is weakened."""
    assert [worker.name for worker in restart_order(FLEET.workers, ALL - {"web3"})] == ["web3", "web1", "web2", "web4"]


def test_names_may_be_short_or_whole() -> None:
    """web2 and aiohttp:web2 are one; a name that is nobody's is reported."""
    workers, unknown = select_workers(FLEET, ["aiohttp:web4", "web2", "web2", "web9", "standby"])
    assert [worker.name for worker in workers] == ["web2", "web4"]
    assert unknown == ["web9", "standby"]
    assert select_workers(FLEET, []) == (list(FLEET.workers), [])


def test_someone_serves_while_each_is_away() -> None:
    """The standby, or another worker; no one is needed for those that do not serve anyway."""
    assert has_spare(FLEET, FLEET.workers, {"web1", "standby"})
    assert has_spare(FLEET, FLEET.workers, {"web1", "web2"})
    assert not has_spare(FLEET, FLEET.workers, {"web1"})
    assert has_spare(FLEET, FLEET.workers[1:2], {"web1"})
    assert has_spare(FLEET, FLEET.workers, set())
    assert not has_spare(replace(FLEET, standby=None), FLEET.workers, {"web1"})
