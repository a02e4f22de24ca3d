"""The applications of a project, found by reading its source; none of it is imported."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.worker.arguments import NAMES

FACTORIES = (*NAMES[1:], "make_app", "init_app", "build_app", "application_factory")
"""Functions that are taken for an application's by their name."""
OBJECTS = ("app", "application")
ORDER = (NAMES[0], "application", *FACTORIES)
"""The one that is taken of several in one module."""
ASIDE = {"tests", "test", "docs", "examples", "deploy", "node_modules", "build", "dist"}
"""Directories without the project's own application."""


@dataclass(frozen=True)
class App:
    """An application.

    Attributes:
        spec: ``MODULE:NAME``.
        directory: where it is imported from.
    """

    spec: str
    directory: Path


def find_apps(project: Path) -> list[App]:
    """Return the applications in the modules and packages of a project, one for each module, by their names."""
    roots = (project, project / "src")
    found = [App(f"{module}:{name}", root) for root in roots for module, file in _modules(root) for name in _name(file)]
    return sorted(found, key=lambda app: app.spec)


def named_app(project: Path, spec: str) -> App:
    """Return the application that the operator named; ``src`` is its directory when the module is there."""
    top = spec.partition(":")[0].partition(".")[0]
    here, src = ((root / top).is_dir() or (root / f"{top}.py").is_file() for root in (project, project / "src"))
    return App(spec, project / "src" if src and not here else project)


def _modules(root: Path) -> Iterator[tuple[str, Path]]:
    for directory, names, files in os.walk(root, followlinks=True):
        package = Path(directory).relative_to(root).parts
        if package and "__init__.py" not in files:
            names.clear()
            continue
        names[:] = [name for name in names if name.isidentifier() and name not in ASIDE]
        for file in map(Path(directory).joinpath, files):
            words = package if file.stem == "__init__" else (*package, file.stem)
            if words and file.suffix == ".py" and file.stem.isidentifier() and not file.stem.startswith("test_"):
                yield ".".join(words), file


def _name(file: Path) -> list[str]:
    """Return the name of the one application in a file, or nothing."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    if not any(_imports_aiohttp(node) for node in ast.walk(tree)):
        return []
    names = [name for node in tree.body for name in _offers(node)]
    return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))[:1]


def _imports_aiohttp(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0] == "aiohttp"
    return isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "aiohttp" for alias in node.names)


def _offers(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        needed = len(node.args.args) + len(node.args.posonlyargs) - len(node.args.defaults)
        if not needed and (node.name in FACTORIES or _is_application(node.returns)):
            yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        places = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [place.id for place in places if isinstance(place, ast.Name) and place.id in OBJECTS]
        annotated = isinstance(node, ast.AnnAssign) and _is_application(node.annotation)
        if annotated or isinstance(node.value, ast.Call) and _makes_one(node.value.func):
            yield from names


def _makes_one(function: ast.expr) -> bool:
    return _is_application(function) or ast.unparse(function).rpartition(".")[2] in FACTORIES


def _is_application(node: ast.expr | None) -> bool:
    return node is not None and ast.unparse(node).strip("'\"").rpartition(".")[2] == "Application"
