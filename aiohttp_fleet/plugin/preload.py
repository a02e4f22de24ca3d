"""What supervisord has in memory for its forks, and whether that is still what is installed.

Importing this module loads it: aiohttp and the kit are imported once, and every fork shares the memory.
"""

import gc
import importlib
import os
import sys
from pathlib import Path

from aiohttp_fleet.plugin.warm_up import warm_up

LOADED = ("aiohttp.web", "uvloop", "aiohttp_fleet.worker.main", "aiohttp_fleet.watchdog.main")
"""uvloop may be missing: then the worker uses asyncio's loop."""


def _load() -> None:
    for name in LOADED:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != "uvloop":
                raise
    warm_up()
    os.getgrouplist("root", 0)  # loads the C library's modules for users
    gc.collect()
    gc.freeze()  # the collector writes into every page that holds an object, which unshares it


def _stamps() -> str:
    """Return a line for each file in memory, the interpreter included: name, path and stamp."""
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    return "".join(_line(name, file) for name, file in {"python": sys.executable, **files}.items() if file)


def _line(name: str, file: str) -> str:
    try:
        found = os.stat(file)  # noqa: PTH116, a Path writes into pages that are shared with supervisord
    except OSError:
        return f"{name}\t{file}\t\n"
    return f"{name}\t{file}\t{found.st_mtime_ns}.{found.st_size}.{found.st_ino}\n"


_load()
_STAMPS = _stamps()
"""One string, not a thousand objects: reading an object writes its reference count, which unshares its page."""
_TOP = "".join(line for line in _STAMPS.splitlines(keepends=True) if "." not in line.split("\t")[0])


def changed() -> str:
    """Name a module in memory whose file has changed since it was loaded; empty when none has."""
    for line in _STAMPS.splitlines(keepends=True):
        name, file, _ = line.split("\t")
        if _line(name, file) != line:
            return name
    return ""


def shadowed(directory: str) -> str:
    """Name a module in memory of which `directory` has its own, which an exec'd worker would import; else empty."""
    try:
        own = {entry.name.removesuffix(".py"): entry for entry in os.scandir(directory)}
    except OSError:  # it may be entered, not listed
        return ""
    for line in _TOP.splitlines():
        name, file, _ = line.split("\t")
        entry = own.get(name)
        if entry is None:
            continue
        theirs = Path(entry.path) if entry.is_file() else Path(entry.path) / "__init__.py"
        if theirs.is_file() and not theirs.samefile(file):
            return name
    return ""
