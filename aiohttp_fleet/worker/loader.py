"""From ``MODULE:NAME`` to an Application, and from ``--loop`` to an event loop."""

import asyncio
import difflib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path

from aiohttp import web
from aiohttp.web import Application

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_traceback
from aiohttp_fleet.worker.arguments import NAMES

_FAILURES = (Exception, SystemExit, asyncio.CancelledError)
"""How user code may fail; a cancellation is its own, the worker cancels nothing before it serves."""
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_FORMS = "an Application, a function or a coroutine function that returns one"


def loop_factory(name: str | None) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return the function that makes the event loop.

    Args:
        name: ``uvloop`` or ``asyncio``; None for uvloop where it is installed.

    Raises:
        FleetError: uvloop is named and not installed.
    """
    if name == "asyncio" or (name is None and importlib.util.find_spec("uvloop") is None):
        return asyncio.new_event_loop
    try:
        import uvloop
    except ImportError:
        step = f"{sys.executable} -m pip install uvloop, or --loop=asyncio"
        raise FleetError("--loop=uvloop", "uvloop is not installed", step) from None
    return uvloop.new_event_loop


def load(spec: str, loop: asyncio.AbstractEventLoop) -> web.Application:
    """Import the module and build the application.

    The module is imported, and a plain function called, while the loop does not run, as in
    ``web.run_app(create_app())``; a function that needs a running loop is called once more inside it, as
    ``adev runserver`` does.

    Args:
        spec: ``MODULE:NAME``, NAME may be dotted; ``MODULE`` alone is searched for `NAMES`.
        loop: the loop that will serve it, set as the current one.

    Raises:
        FleetError: there is none; where user code raised, its traceback has been printed first.
    """
    found = find(spec)
    return found if isinstance(found, Application) else _build(spec, found, loop)


def find(spec: str) -> object:
    """Import the module and return what the name in it is.

    ``sys.argv`` has no arguments then, as in a program that is run without: those of the worker are not its.

    Raises:
        FleetError: there is none; where user code raised, its traceback has been printed first.
    """
    module_name, _, name = spec.partition(":")
    if not _MODULE.fullmatch(module_name):
        raise FleetError(repr(spec), "it names no module", "write MODULE:NAME, such as app.main:create_app")
    if module_name not in sys.modules:  # a template has imported it, and it may have changed sys.argv
        sys.argv[:] = [spec]
    module = _import(module_name)
    if not name:
        name = next((n for n in NAMES if hasattr(module, n)), "")
        if not name:
            raise FleetError(module_name, f"none of {', '.join(NAMES)} is in it", "name yours, as in MODULE:NAME")
    try:
        return reduce(getattr, name.split("."), module)
    except AttributeError:
        near = difflib.get_close_matches(name, vars(module), n=3) or [n for n in NAMES if hasattr(module, n)]
        hint = f"did you mean {' or '.join(near)}?" if near else f"see {getattr(module, '__file__', module_name)}"
        raise FleetError(module_name, f"there is no {name} in it", hint) from None


def _import(name: str) -> object:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            step = "check the spelling, and directory= in supervisord.conf"
            raise FleetError(name, f"there is no module {error.name} in {Path.cwd()}", step) from None
        raise _failed(name, "import", error) from error
    except _FAILURES as error:
        raise _failed(name, "import", error) from error


def _build(spec: str, factory: object, loop: asyncio.AbstractEventLoop) -> web.Application:
    if not callable(factory):
        raise FleetError(spec, f"it is {_kind(factory)}", f"give {_FORMS}")
    try:
        built = _call(factory, loop)
        if inspect.isawaitable(built):
            built = loop.run_until_complete(asyncio.ensure_future(built, loop=loop))
    except _FAILURES as error:
        if isinstance(error, TypeError):
            _refuse_arguments(spec, factory)
        raise _failed(spec, "build", error) from error
    if not isinstance(built, Application):
        raise FleetError(spec, f"it returned {_kind(built)}", "return an aiohttp.web.Application")
    return built


def _call(factory: Callable[[], object], loop: asyncio.AbstractEventLoop) -> object:
    async def inside() -> object:
        return factory()

    try:
        return factory()
    except RuntimeError as error:
        if "no running event loop" not in str(error):
            raise
        return loop.run_until_complete(inside())


def _refuse_arguments(spec: str, factory: Callable[..., object]) -> None:
    try:
        signature = inspect.signature(factory)
    except ValueError:  # a built-in without a signature
        return
    try:
        signature.bind()
    except TypeError as error:
        raise FleetError(spec, f"it takes arguments ({error})", "wrap it in a function without any") from None


def _failed(spec: str, verb: str, error: BaseException) -> FleetError:
    log_traceback(error)
    words = f"{type(error).__name__}: {error}".removesuffix(": ")
    return FleetError(spec, f"it failed to {verb} ({words})", "the traceback is above")


def _kind(value: object) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"
