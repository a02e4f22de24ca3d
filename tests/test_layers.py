"""The house: read -> compute -> act -> verbs, and imports point one way only."""

import ast
from pathlib import Path

from tests.place import PROJECT

PACKAGE = PROJECT / "aiohttp_fleet"
LAYERS = {
    "errors": 0,
    "peer": 0,
    "say": 0,
    "limits": 0,
    "worker": 1,
    "nginx": 1,
    "plugin": 2,
    "read": 2,
    "compute": 3,
    "act": 4,
    "watchdog": 5,
    "drill": 5,
    "verbs": 6,
    "cli": 7,
}
"""Who may import whom: only what has a lower number, or is in the same sub-package."""


def _part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {_part(name) for name in found if name.startswith("aiohttp_fleet.")}


def test_imports_point_one_way() -> None:
    """No module reaches up; worker and nginx, which supervisord starts, know nothing of the rest."""
    for file in PACKAGE.rglob("*.py"):
        own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for other in _imports(file) - {own}:
            assert LAYERS[other] < LAYERS[own], f"{file.relative_to(PROJECT)} imports {other}"


def test_supervisor_is_imported_in_two_places_only() -> None:
    """Its parser, which is no documented interface, in one module; the rest of it only in what runs inside it."""
    words = ("from supervisor.", "from supervisor import")
    users = {
        file.relative_to(PACKAGE) for file in PACKAGE.rglob("*.py") if any(word in file.read_text() for word in words)
    }
    assert {file for file in users if file.parts[0] != "plugin"} == {Path("read/supervisord.py")}


def test_the_application_knows_nothing_of_the_kit() -> None:
    """app/ is the user's to replace."""
    for file in (PROJECT / "app").rglob("*.py"):
        assert _imports(file) == set()
