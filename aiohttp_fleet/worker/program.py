"""Run a program in this process as ``python SCRIPT`` and ``python -m MODULE`` do."""

import builtins
import importlib.util
import io
import sys
import traceback
import types
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import Any

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line, log_traceback
from aiohttp_fleet.worker.arguments import Options
from aiohttp_fleet.worker.command_line import MODULE
from aiohttp_fleet.worker.serving import Serving

SERVE = "serve with web.run_app(app), or with a web.AppRunner and a site"


def run_to_its_end(options: Options, serving: Sequence[Serving] = ()) -> int:
    """Run a worker's program.

    Args:
        options: the command line.
        serving: what it serves, added while it runs; by default nothing.

    Returns:
        Its exit code, 0 after ``web.GracefulExit``.

    Raises:
        FleetError: it has failed, and its traceback has been printed first; or it has served nothing.
    """
    code: object = None
    try:
        execute(options.program)
    except FleetError:
        raise
    except (web.GracefulExit, KeyboardInterrupt):
        pass
    except SystemExit as ended:
        code = ended.code
    except BaseException as error:
        log_traceback(error)
        words = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise FleetError(options.app, f"it has failed ({words})", "the traceback is above") from error
    if code is not None and not isinstance(code, int):  # https://docs.python.org/3/library/sys.html#sys.exit
        log_line(str(code))
        code = 1
    if not any(each.has_been_ready for each in serving):
        if not code and any(each.has_begun for each in serving):
            log_line("stopped before it was ready")
            return 0
        raise FleetError(options.app, f"it has ended with exit code {code or 0} and served nothing", SERVE)
    return code or 0


def place(stack: Iterable[traceback.FrameSummary]) -> str:
    """Return where a program is, as in ``/srv/shop/web.py, line 12, ``; empty when it is in no file of its own."""
    aside = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[1]), "<")
    lines = [line for line in stack if not line.filename.startswith(aside)]
    return f"{lines[-1].filename}, line {lines[-1].lineno}, " if lines else ""


def execute(words: Sequence[str]) -> None:
    """Run a program to its end as ``__main__``, with its own ``sys.argv`` and ``sys.path[0]``.

    The module stays after its end, for threads that go on.

    Args:
        words: as behind ``python``: SCRIPT or ``-m`` MODULE, then its arguments.

    Raises:
        FleetError: there is no such program.
        BaseException: what the program raises.
    """
    if words[0] == MODULE:
        _execute_module(words[1:])
    else:
        _execute_script(words)


def _execute_script(words: Sequence[str]) -> None:
    """https://docs.python.org/3/using/cmdline.html#cmdoption-arg-script, of a file."""
    path = str(Path(words[0]).absolute())
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        step = "check the spelling, and directory= in supervisord.conf"
        raise FleetError(words[0], f"it cannot be read ({error.strerror})", step) from None
    _name(words, words, str(Path(path).resolve().parent))
    code = compile(source, path, "exec", dont_inherit=True)
    _execute(code, __file__=path, __loader__=SourceFileLoader("__main__", path), __package__=None, __spec__=None)


def _execute_module(words: Sequence[str]) -> None:
    """https://docs.python.org/3/using/cmdline.html#cmdoption-m."""
    if not words:
        raise FleetError(MODULE, "it names no module", "write -m MODULE, such as -m shop")
    _name(["-m", *words[1:]], ["-m", *words], str(Path.cwd()))
    spec = _find(words[0])
    assert spec.loader is not None  # it has code
    sys.argv[0] = str(spec.origin)
    code = spec.loader.get_code(spec.name)  # type: ignore[attr-defined]
    names = {"__file__": spec.origin, "__cached__": spec.cached, "__package__": spec.parent}
    _execute(code, __loader__=spec.loader, __spec__=spec, **names)


def _find(name: str) -> ModuleSpec:
    """Return the spec of a module, or of the ``__main__`` in a package."""
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            name = f"{name}.__main__"
            spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        spec = None
    if spec is None or not hasattr(spec.loader, "get_code"):
        step = "check the spelling, and directory= in supervisord.conf"
        raise FleetError(f"{MODULE} {name}", f"there is no module {name} in {Path.cwd()}", step)
    return spec


def _name(argv: Sequence[str], words: Sequence[str], directory: str) -> None:
    """Be the command ``python WORDS``."""
    sys.argv[:] = argv
    sys.orig_argv[:] = [sys.orig_argv[0], *words]
    if not sys.flags.safe_path:  # python -P, and PYTHONSAFEPATH
        sys.path[0] = directory


def _execute(code: types.CodeType, **names: Any) -> None:
    main = types.ModuleType("__main__")
    vars(main).update(__builtins__=builtins, __cached__=None)
    vars(main).update(names)
    sys.modules["__main__"] = main
    exec(code, vars(main))
