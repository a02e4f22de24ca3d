"""Tests of aiohttp_fleet/plugin/supervisor_internals.py."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from aiohttp_fleet.plugin.supervisor_internals import FORK, NUMPROCS, RESTART, STANDBY, Feature, why_without
from aiohttp_fleet.supervision.supervisor_rpc import Supervisord
from tests.site import Site

Make = Callable[..., Site]


def test_this_supervisor_has_all_of_them(site: Make) -> None:
    """The plugin has checked them at its start."""
    made = site().start()
    plugin = Supervisord(str(made.place / "deploy" / "run" / "supervisor.sock"), made.supervisord_conf).plugin()
    assert plugin is not None
    assert plugin["missing"] == []


@pytest.mark.parametrize(
    ("feature", "first", "sentence"),
    [
        (FORK, "supervisord.options.execve", "workers are exec'd"),
        (NUMPROCS, "supervisord.diff_to_active", "no live change of numprocs"),
        (STANDBY, "supervisord.process_groups", "does not wait for the workers"),
        (RESTART, "supervisord.tick", "a rolling restart is driven by its client"),
    ],
)
def test_a_missing_name_is_in_the_line(feature: Feature, first: str, sentence: str) -> None:
    """With what the kit does without it."""
    line = why_without(feature, {"supervisord": SimpleNamespace(options=SimpleNamespace())})
    assert sentence in line
    assert f"this supervisor has no {first}" in line
