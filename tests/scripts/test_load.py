"""Tests of scripts/benchmark/load.py against a real fleet."""

import shutil

import pytest

from scripts.benchmark.load import closed, opened
from scripts.benchmark.peers import fleet
from scripts.benchmark.processes import memory, processor
from scripts.benchmark.workloads import WORKLOADS, answered
from tests.place import USER


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
@pytest.mark.skipif(USER == "root", reason="the benchmark's workers become nobody, who may not read this checkout")
def test_every_workload_is_answered_right_and_measured() -> None:
    """A second each, through the shipped files; nothing fails, and it costs something."""
    with fleet(2) as peer:
        for workload in WORKLOADS:
            assert answered(peer.ports[0], workload), workload.name
            seen = closed(peer.ports, workload, 8, 1)
            assert seen.requests > 0 and seen.failed == 0 and seen.p50 <= seen.p99 <= seen.p999, workload.name
        burning = opened(peer.ports[0], 200, 0.02, 1, seed=1)
        assert (burning.failed, burning.requests > 100) == (0, True)
        assert memory(peer.apps) > 10 * 2**20
        assert processor(peer.apps) > 0 and processor(peer.nginx) > 0
