"""Tests of aiohttp_fleet/plugin/supervisor_internals.py."""

from types import SimpleNamespace

import pytest

from aiohttp_fleet.plugin.supervisor_internals import FEATURES, why_without
from tests.place import PROJECT
from tests.site import Site


@pytest.mark.xdist_group("plugin")
def test_this_supervisor_has_all_of_them(made: Site) -> None:
    """The plugin has checked them at its start."""
    plugin = made.rpc.plugin()
    assert plugin is not None
    assert plugin["missing"] == []


@pytest.mark.parametrize(
    ("feature", "first", "sentence"),
    [
        ("templates", "process.config.command", "workers are executed"),
        ("live_numprocs", "supervisord.diff_to_active", "no live change of numprocs"),
        ("keep_standby", "process.config.command", "does not wait for the workers"),
        ("drive_restart", "supervisord.tick", "a rolling restart is driven by its client"),
    ],
)
def test_a_missing_name_is_in_the_line(feature: str, first: str, sentence: str) -> None:
    """With what the kit does without it."""
    group = SimpleNamespace(processes={"web1": SimpleNamespace()})
    line = why_without(feature, SimpleNamespace(options=SimpleNamespace(), process_groups={"aiohttp": group}))
    assert sentence in line
    assert f"this supervisor has no {first}" in line


def test_each_feature_is_a_module_of_the_plugin() -> None:
    """The factory imports it by this name."""
    assert all((PROJECT / "aiohttp_fleet" / "plugin" / f"{feature}.py").is_file() for feature in FEATURES)
