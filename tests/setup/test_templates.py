"""Tests of aiohttp_fleet/setup/templates.py."""

import tomllib

from aiohttp_fleet.setup.templates import templates
from tests.place import PROJECT


def test_the_templates_are_the_shipped_files_and_the_wheel_has_all_of_them() -> None:
    """Read in deploy/ here; pyproject.toml maps each into the wheel."""
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    packed = build["targets"]["wheel"]["force-include"]
    for name, text in templates().items():
        assert text == (PROJECT / "deploy" / name).read_text()
        source = next(s for s in packed if f"deploy/{name}" == s or f"deploy/{name}".startswith(f"{s}/"))
        assert packed[source] == source.replace("deploy", "aiohttp_fleet/templates", 1)
