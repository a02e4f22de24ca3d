"""What supervisord holds in memory for its forks, and whether it is still what is installed.

Importing this module loads it: aiohttp and the kit are read once, and every fork shares the pages.
"""

import gc
import importlib
import sys
from pathlib import Path

LOADED = ("aiohttp.web", "uvloop", "aiohttp_fleet.worker.main")
"""uvloop may be missing: the worker does without."""


def _load() -> None:
    for name in LOADED:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != "uvloop":
                raise
    gc.collect()
    gc.freeze()  # the collector would write into every page that holds an object, and unshare it


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _files() -> dict[str, str]:
    """Map each module in memory to its file, and the interpreter to its own."""
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    return {"python": sys.executable, **{name: file for name, file in files.items() if file}}


_load()
_STAMPS = {name: (file, _stamp(file)) for name, file in _files().items()}


def changed() -> str:
    """Name a module in memory whose file is no longer the one it was loaded from; empty when all are."""
    return next((name for name, (file, stamp) in _STAMPS.items() if _stamp(file) != stamp), "")


def shadowed(directory: Path) -> str:
    """Name a module in memory of which ``directory`` has its own, which an executed worker would import instead."""
    names = {name: file for name, (file, _) in _STAMPS.items() if "." not in name}
    try:
        own = {entry.name.removesuffix(".py"): entry for entry in directory.iterdir()}
    except OSError:  # may be passed through, not listed
        return ""
    for name in names.keys() & own.keys():
        file = own[name] if own[name].suffix == ".py" else own[name] / "__init__.py"
        if file.is_file() and not file.samefile(names[name]):
            return name
    return ""
