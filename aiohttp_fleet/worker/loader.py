"""From ``MODULE:NAME`` to an Application."""

import difflib
import importlib
import inspect
import traceback
from collections.abc import Awaitable, Callable
from functools import reduce
from pathlib import Path

from aiohttp import web

from aiohttp_fleet.errors import FleetError

NAMES = ("app", "app_factory", "get_app", "create_app")
"""What ``MODULE`` alone stands for: the names aiohttp-devtools looks for, in its order (runserver/config.py)."""

_FORMS = "an Application, a function or a coroutine function that returns one"


async def load(spec: str) -> web.Application:
    """Import the module and build the application in the running event loop.

    Args:
        spec: ``MODULE:NAME``, NAME may be dotted; ``MODULE`` alone takes the first of `NAMES`.

    Raises:
        FleetError: there is none; where user code raised, its traceback has been printed first.
    """
    module_name, _, name = spec.partition(":")
    if not module_name:
        raise FleetError(repr(spec), "it names no module", "write MODULE:NAME, such as app.main:create_app")
    found = _find(module_name, name)
    if isinstance(found, web.Application):
        return found
    return await _build(spec, found)


def _find(module_name: str, name: str) -> object:
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
    except Exception as error:
        raise _failed(name, "import", error) from error


async def _build(spec: str, factory: object) -> web.Application:
    if not callable(factory):
        raise FleetError(spec, f"it is {_kind(factory)}", f"give {_FORMS}")
    _refuse_arguments(spec, factory)
    try:
        built = factory()
        if inspect.isawaitable(built):
            built = await built
    except Exception as error:
        raise _failed(spec, "build", error) from error
    if not isinstance(built, web.Application):
        raise FleetError(spec, f"what it returned is {_kind(built)}", "return an aiohttp.web.Application")
    return built


def _refuse_arguments(spec: str, factory: Callable[..., web.Application | Awaitable[web.Application]]) -> None:
    try:
        signature = inspect.signature(factory)
    except ValueError:  # a built-in without a signature
        return
    try:
        signature.bind()
    except TypeError as error:
        raise FleetError(spec, f"it takes arguments ({error})", "wrap it in a function without any") from None


def _failed(spec: str, act: str, error: Exception) -> FleetError:
    traceback.print_exception(error)
    return FleetError(spec, f"it failed to {act} ({type(error).__name__}: {error})", "the traceback is above")


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"
