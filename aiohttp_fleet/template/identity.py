"""Let a template, and each worker that it forks, name itself as a worker that was executed does."""

import importlib.util
import os
import sys
import threading
from collections.abc import Sequence

WORKER = "aiohttp_fleet.worker"


def name_as_worker(arguments: Sequence[str], words: int) -> None:
    """Be ``python -m aiohttp_fleet.worker`` in what modules read of it at their import: sys.argv, ``__main__``.

    Args:
        arguments: of a worker.
        words: of the template's command line that take their place.
    """
    spec = importlib.util.find_spec(f"{WORKER}.__main__")
    assert spec is not None  # it is the kit's
    assert spec.loader is not None
    main_module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(main_module)
    vars(sys.modules["__main__"]).update({**vars(main_module), "__name__": "__main__"})
    sys.argv[:] = [str(spec.origin), *arguments]
    sys.orig_argv[-words:] = [WORKER, *arguments]


def become_worker(arguments: Sequence[str], former: Sequence[str]) -> None:
    """Be another worker after a fork; a module that keeps sys.argv has the new one.

    Args:
        arguments: of it.
        former: those that this process was named with.
    """
    for line in (sys.argv, sys.orig_argv):
        if former and line[-len(former) :] == list(former):  # the application may have changed it
            line[-len(former) :] = arguments
    threading.main_thread()._set_native_id()  # type: ignore[attr-defined]  # Python keeps the parent's
    if util := sys.modules.get("multiprocessing.util"):
        for finalizer in util._finalizer_registry.values():  # what a process ends with; it compares the number
            finalizer._pid = os.getpid()
