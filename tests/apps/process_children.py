"""What processes and threads do that the application starts from the process that it lives in."""

import asyncio
import concurrent.futures
import multiprocessing
import os
import random
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

BEFORE = "set at the import"


def shown() -> dict[str, Any]:
    """Start each kind once, and return what it answers."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pooled = pool.submit(abs, -3).result()
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        threaded = threads.submit(lambda: threading.current_thread() is threading.main_thread()).result()
    return {
        "multiprocessing": {method: _answer(method) for method in ("fork", "spawn", "forkserver")},
        "process": [multiprocessing.current_process().name, multiprocessing.parent_process() is None,
                    multiprocessing.current_process().pid == os.getpid(), multiprocessing.get_start_method()],
        "pool": pooled,
        "thread": threaded,
        "run": subprocess.run([sys.executable, "-c", "print(3)"], capture_output=True, text=True).stdout,
        "inherited": subprocess.run(["ls", "-1", "/proc/self/fd"], capture_output=True, text=True,
                                    stdin=subprocess.DEVNULL, close_fds=False).stdout,
        "environment": subprocess.run(["env"], capture_output=True, text=True).stdout.count("WORKER_NUMBER=1\n"),
        "forked": _forked(),
    }  # fmt: skip


def answer(end: Connection) -> None:
    """Tell the parent what this child is."""
    parent = multiprocessing.parent_process()
    end.send([BEFORE, parent.name if parent else None, sys.argv[1:], sys.modules["__main__"].__name__])


def _answer(method: str) -> Any:
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=answer, args=[theirs])
    child.start()
    theirs.close()
    try:
        return ours.recv()
    finally:
        child.join()
        ours.close()


def _forked() -> list[Any]:
    """Return what a fork of the application's own sees, and whether it has random numbers of its own."""
    state = random.getstate()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        theirs.send([BEFORE, random.getstate() == state, threading.active_count(), asyncio._get_running_loop() is None])
        os._exit(3)
    theirs.close()
    with ours:
        return [ours.recv(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]
