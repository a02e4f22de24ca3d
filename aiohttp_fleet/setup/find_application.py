"""The applications of a project, found by reading its source; none of it is imported."""

import ast
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.setup.find_program import served_name, serves_when_run, serving_call
from aiohttp_fleet.worker.arguments import NAMES
from aiohttp_fleet.worker.command_line import MODULE, is_program

FACTORIES = (*NAMES[1:], "make_app", "init_app", "build_app", "application_factory")
"""Functions that are taken for an application's by their name."""
OBJECTS = ("app", "application")
ORDER = (NAMES[0], "application", *FACTORIES)
"""The one that is taken of several in one module."""
ASIDE = {"tests", "test", "docs", "examples", "deploy", "node_modules", "build", "dist"}
"""Directories without the project's own application."""

_PYTHON = re.compile(r"(.*/)?python[\d.]*")


@dataclass(frozen=True)
class App:
    """An application.

    Attributes:
        spec: ``MODULE:NAME``; the words of a program, as behind ``python``.
        directory: where it is imported from, or where the program is run.
        why: it was taken, for one that serves itself.
    """

    spec: str
    directory: Path
    why: str = field(default="", compare=False)

    @property
    def is_program(self) -> bool:
        """Whether it is a program."""
        return is_program(self.spec.partition(" ")[0])


def find_apps(project: Path) -> list[App]:
    """Return the applications in the modules and packages of a project, one for each module, by their names.

    Where modules serve by themselves (``web.run_app``), what they serve; else what looks like an application; else
    what scripts in other directories serve.
    """
    roots = (project, project / "src")
    modules = [
        (root, module, file, tree)
        for root in roots
        for module, file in _modules(root)
        if (tree := _parsed(file)) is not None
    ]
    served = [app for each in modules for app in _served(project, *each)]
    named = [App(f"{module}:{name}", root) for root, module, _, tree in modules for name in _name(tree)]
    found = served or named or [app for each in _scripts(project) for app in _served(project, project, "", *each)]
    return sorted(found, key=lambda app: app.spec)


def begins_program(word: str) -> bool:
    """Whether a word begins a program as its owner types it: ``python web.py``, ``web.py``, ``-m shop``."""
    return is_program(word) or _PYTHON.fullmatch(word) is not None


def program_words(words: Sequence[str]) -> Sequence[str]:
    """Return the words of a program without ``python``.

    Raises:
        FleetError: an option of python's own is among them.
    """
    if not (words and _PYTHON.fullmatch(words[0])):
        return words
    if words[1:] and words[1].startswith("-") and words[1] != MODULE:
        step = "leave it out here; then write it in front of -m in the command= of deploy/supervisord.conf"
        raise FleetError(f"{words[0]} {words[1]}", "an option of python's own", step)
    return words[1:]


def missing_script(project: Path, words: Sequence[str]) -> str:
    """Return the script that a program names, when there is none; else nothing."""
    script = next(iter(program_words(words)), "")
    return script if is_program(script) and script != MODULE and not (project / script).is_file() else ""


def named_app(project: Path, words: Sequence[str]) -> App:
    """Return the application that the operator named; ``src`` is its directory when the module is there.

    Args:
        project: the project.
        words: ``MODULE:NAME``; a program, as behind ``python`` or with it.
    """
    if begins_program(words[0]):
        return App(shlex.join(program_words(words)), project)
    top = words[0].partition(":")[0].partition(".")[0]
    here, src = ((root / top).is_dir() or (root / f"{top}.py").is_file() for root in (project, project / "src"))
    return App(words[0], project / "src" if src and not here else project)


def _served(project: Path, root: Path, module: str, file: Path, tree: ast.Module) -> list[App]:
    """Return what a module serves when it is run, or nothing; one without a name can only be run."""
    call = serving_call(tree)
    package, _, last = module.rpartition(".")
    if call is None or not (serves_when_run(tree, call) or last == "__main__"):
        return []
    where = f"{file.relative_to(project)}, line {call.lineno}"
    if module and (name := served_name(tree, call)):
        return [App(f"{module}:{name}", root, f"what {where} serves")]
    words = ["-m", package if last == "__main__" else module] if package else [str(file.relative_to(project))]
    return [App(shlex.join(words), root if package else project, f"it serves by itself, in {where}")]


def _scripts(project: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the modules in directories that are no packages, and those whose names are no identifiers."""
    for directory, names, files in os.walk(project):
        names[:] = [name for name in names if name.isidentifier() and name not in ASIDE]
        for file in (Path(directory, name) for name in files if name.endswith(".py") and not name.startswith("test_")):
            if (tree := _parsed(file)) is not None:
                yield file, tree


def _parsed(file: Path) -> ast.Module | None:
    """Return the syntax of a module that imports aiohttp, None of another."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    return tree if any(map(_imports_aiohttp, ast.walk(tree))) else None


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


def _name(tree: ast.Module) -> list[str]:
    """Return the name of the one application in a module, or nothing."""
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
