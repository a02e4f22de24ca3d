"""Try something in a fork of this process that ends."""

import json
import os
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from aiohttp_fleet.common.stderr_log import log_traceback
from aiohttp_fleet.template.fork import fork
from aiohttp_fleet.template.open_files import read_files, reopen

T = TypeVar("T")


def in_fork(trial: Callable[[Callable[[T], NoReturn]], T]) -> T | None:
    """Return what a function returns in a fork of this process, as JSON has it; None when the fork ends before.

    Args:
        trial: called in the fork, with a function that it may call instead of returning.
    """
    with open(os.memfd_create("trial"), "w+b") as answer:  # noqa: PTH123, it is a descriptor
        sys.stdout.flush()
        if pid := fork():
            os.waitpid(pid, 0)
            answer.seek(0)
            text = answer.read()
            return json.loads(text) if text else None

        def end(value: T) -> NoReturn:
            answer.write(json.dumps(value).encode())
            answer.flush()
            sys.stdout.flush()
            os._exit(0)  # nothing that belongs to the end of this process may run twice

        try:
            reopen(read_files())
            end(trial(end))
        except BaseException as error:
            log_traceback(error)
        finally:
            os._exit(0)
