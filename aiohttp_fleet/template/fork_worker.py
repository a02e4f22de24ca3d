"""Fork a worker that is supervisord's child: a fork of a fork that ends, whose parent supervisord then becomes.

supervisord is a subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). Both forks are Python's, so that what libraries do at a
fork is done (os.register_at_fork, pthread_atfork(3)).
"""

import json
import os
import socket
import sys
from collections.abc import Iterable, Sequence

from aiohttp_fleet.template.fork import fork
from aiohttp_fleet.template.import_watch import first_changed
from aiohttp_fleet.template.messages import GO, Forked, ForkRequest, receive_with, send
from aiohttp_fleet.worker.arguments import Options, parse

ANSWER = 8192
"""Bytes of what the first fork writes."""


def serve_requests(end: socket.socket, stamps: str) -> tuple[ForkRequest, Options]:
    """Fork workers until the plugin closes the socket; return only in a worker, with the request for it.

    Its command line is read before the fork: what that writes to is shared then.

    Args:
        end: of the socket.
        stamps: of the files that were read, see `ImportWatch.stamps`.
    """
    while True:
        request, fds = receive_with(end, ForkRequest, 4)
        if request is None:
            os._exit(0)  # what belongs to the end of the application's process is the workers'
        try:
            options = parse(list(request.arguments)) if request.arguments else None
        except SystemExit:  # it is executed then, and says what is wrong
            _close(fds)
            send(end, Forked(0, problem="its command line is wrong"))
            continue
        sys.stdout.flush()
        answer, write = os.pipe()
        middle = fork()
        if not middle:
            _end_middle(write, request, stamps)
            _close((write, answer))
            end.close()
            _become(fds)
            assert options is not None  # there were arguments
            return request, options
        _close((write, *fds))
        with open(answer, "rb") as text:  # noqa: PTH123, it is a descriptor
            forked = Forked(**json.loads(text.read() or b'{"pid": 0, "problem": "the fork has failed"}'))
        os.waitpid(middle, 0)
        send(end, forked)


def _end_middle(write: int, request: ForkRequest, stamps: str) -> None:
    """In the first fork: answer, with a worker or without, and end; return in the worker only."""
    try:
        if not request.arguments:
            forked = Forked(0, changed=first_changed(stamps))
        else:
            pid = fork()
            if not pid:
                return
            os.setpgid(pid, pid)  # before the plugin knows it: the end of a template is that of its group
            forked = Forked(pid)
    except OSError as error:
        forked = Forked(0, problem=f"it cannot fork ({error.strerror})")
    os.write(write, json.dumps(vars(forked)).encode())
    os._exit(0)


def _become(fds: Sequence[int]) -> None:
    """Take the place of a process that supervisord has spawned (supervisor/process.py, _spawn_as_child)."""
    *streams, go = fds
    if os.read(go, 1) != GO:
        os._exit(0)
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
    _close(fds)


def _close(fds: Iterable[int]) -> None:
    for fd in fds:
        os.close(fd)
