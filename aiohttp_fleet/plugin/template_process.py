"""The process of a template: its start, its output, its end; nothing here waits for it."""

import contextlib
import os
import pwd
import select
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp_fleet.plugin.template_source import Source, template_argv
from aiohttp_fleet.template import messages
from aiohttp_fleet.template.messages import Order, printable

TAIL = 20
"""Lines of its output that are kept."""
CHUNK, READS = 65536, 8
"""Bytes of a read, and reads in a turn: it may print faster than supervisord reads."""


class TemplateProcess:
    """A process that was executed.

    Args:
        source: of what the template is made.
        environ: its environment.
        order: what it is to import.
        log: gets each line of its output.

    Attributes:
        socket: to it.
        tail: the last lines of its output.

    Raises:
        OSError: it cannot be run.
        subprocess.SubprocessError: the same.
    """

    def __init__(self, source: Source, environ: Mapping[str, str], order: Order, log: Callable[[str], None]) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._log = log
        self._partial = b""
        self.socket, theirs = messages.pair()
        with contextlib.ExitStack() as failed:
            failed.callback(self.socket.close)
            with theirs:
                self._process = _executed(source, environ, theirs)
            self._pidfd = os.pidfd_open(self._process.pid)
            messages.send(self.socket, order)
            failed.pop_all()
        assert self._process.stdin is not None  # they are pipes
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self.socket.setblocking(False)

    def read_output(self) -> None:
        """Log what it has printed."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(READS):
                self._partial += os.read(self._output.fileno(), CHUNK)
        *lines, self._partial = self._partial[-CHUNK:].split(b"\n")
        for line in lines:
            text = printable(line.decode(errors="replace"))
            self.tail.append(text)
            self._log(text)

    def end(self) -> None:
        """Kill it, with its trial; workers are in groups of their own."""
        self.read_output()
        if not select.select([self._pidfd], [], [], 0)[0]:  # it has not ended, so its number is its own
            os.killpg(self._process.pid, signal.SIGKILL)
        os.close(self._pidfd)
        self.socket.close()
        self._output.close()
        self._process.returncode = 0  # supervisord reaps it; Popen must not, its number may be a worker's by then


def _executed(source: Source, environ: Mapping[str, str], end: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        template_argv(source, end.fileno()),
        cwd=source.directory,
        env=environ,
        stdin=subprocess.PIPE,  # as a worker's: Python asks once whether it can seek
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[end.fileno()],
        process_group=0,
        umask=-1 if source.umask is None else source.umask,
        **_user(source.uid),
    )


def _user(uid: int | None) -> dict[str, Any]:
    """Return the arguments of Popen for the user of a program."""
    if uid is None or os.geteuid() != 0:
        return {}
    user = pwd.getpwuid(uid)
    return {"user": uid, "group": user.pw_gid, "extra_groups": os.getgrouplist(user.pw_name, user.pw_gid)}
