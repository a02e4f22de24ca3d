"""Tests of aiohttp_fleet/config/consistency.py."""

import dataclasses

import pytest

from aiohttp_fleet.config.consistency import inconsistencies
from aiohttp_fleet.config.fleet import Fleet, Worker
from aiohttp_fleet.config.supervisord_conf import read_fleet
from tests.place import PROJECT

NGINX = (PROJECT / "deploy" / "nginx.conf").read_text()


@pytest.fixture
def fleet() -> Fleet:
    """Give the test the shipped fleet."""
    return read_fleet(PROJECT / "deploy" / "supervisord.conf", "aiohttp")


def _with(fleet: Fleet, **changes: object) -> Fleet:
    def changed(worker: Worker) -> Worker:
        return dataclasses.replace(worker, **changes)  # type: ignore[arg-type]

    return dataclasses.replace(fleet, workers=tuple(map(changed, fleet.workers)), standby=None)


def test_the_shipped_files_agree(fleet: Fleet) -> None:
    """keepalive_timeout 1 s < --drain 30 s < stopwaitsecs 45 s, and the standby runs the workers' command."""
    assert list(inconsistencies(fleet, NGINX)) == []


def test_supervisord_must_not_kill_within_the_drain(fleet: Fleet) -> None:
    """Its default of 10 s would."""
    (found,) = inconsistencies(_with(fleet, stopwaitsecs=10), NGINX)
    assert str(found) == (
        "aiohttp:web1: supervisord kills it after stopwaitsecs=10, not 10 s after its drain of 30 s; "
        f"set stopwaitsecs=40 or more in {fleet.supervisord_conf}"
    )


@pytest.mark.parametrize(
    ("setting", "seconds"), [("keepalive_timeout 1m;", "60"), ("", "60"), ("keepalive_timeout 1m 30s;", "90")]
)
def test_nginx_must_close_idle_connections_within_the_drain(fleet: Fleet, setting: str, seconds: str) -> None:
    """Its default of 60 s would not."""
    (found,) = inconsistencies(_with(fleet), NGINX.replace("keepalive_timeout 1s;", setting))
    assert f"aiohttp:web1: nginx keeps idle connections for keepalive_timeout {seconds} s" in str(found)


def test_the_standby_runs_what_the_workers_run(fleet: Fleet) -> None:
    """Otherwise a restart would show clients another application."""
    assert fleet.standby is not None
    other = dataclasses.replace(fleet.standby, command=("other",))
    (found,) = inconsistencies(dataclasses.replace(fleet, standby=other), NGINX)
    assert str(found).startswith("standby: its command is not that of aiohttp:web1; copy all of it but --path")


def test_the_standby_has_the_workers_environment(fleet: Fleet) -> None:
    """But for what tells the workers from each other; values are not shown, they may be secrets."""
    assert fleet.standby is not None
    workers = tuple(
        dataclasses.replace(worker, environment={**worker.environment, "URL": "secret", "SHARD": worker.name})
        for worker in fleet.workers
    )
    (found,) = inconsistencies(dataclasses.replace(fleet, workers=workers), NGINX)
    assert str(found).startswith("standby: URL in its environment= is not that of aiohttp:web1; copy it from")
    assert "secret" not in str(found)


def test_a_lone_worker_has_a_number_of_its_own_too(fleet: Fleet) -> None:
    """There is none to compare it with."""
    assert list(inconsistencies(dataclasses.replace(fleet, workers=fleet.workers[:1]), NGINX)) == []
