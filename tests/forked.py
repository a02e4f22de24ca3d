"""``fleet`` and ``supervisorctl`` in a fork of a process that has imported them, for a tenth of what a start costs.

It is the command's own ``main`` in a process of its own, with its own arguments, environment, directory and output.
"""

import contextlib
import functools
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

MODULES = {"fleet": "aiohttp_fleet.cli", "supervisorctl": "supervisor.supervisorctl"}
"""Where the ``main`` of each command is."""
_BIN = Path(sys.executable).parent
_LOCK = threading.Lock()


def run(
    name: str,
    *arguments: str,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    stdout: IO[str] | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does.

    Args:
        name: of the command.
        arguments: its arguments.
        cwd: the directory that it runs in, None for that of this process.
        environ: its environment, None for that of this process.
        stdout: where its output goes to; else it is returned.
        timeout: seconds that it may take.

    Raises:
        TimeoutExpired: it took longer, and was killed.
    """
    command = [str(_BIN / name), *arguments]
    request = json.dumps([command, str(cwd or Path.cwd()), dict(environ or os.environ)]).encode()
    ours, theirs = socket.socketpair()
    with ours, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        with theirs, _LOCK:
            socket.send_fds(_server().requests, [request], [(stdout or out).fileno(), err.fileno(), theirs.fileno()])
        ours.settimeout(timeout)
        with ours.makefile() as answer:
            pid = int(answer.readline())
            try:
                code = os.waitstatus_to_exitcode(int(answer.readline()))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(command, timeout) from None
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


class _Server:
    """The process that forks; it ends when this one closes its socket."""

    def __init__(self) -> None:
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, __file__, str(theirs.fileno())]
        null = subprocess.DEVNULL
        with theirs:
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=null, stdout=null)


_server = functools.cache(_Server)


def end() -> None:
    """End the process that forks."""
    if _server.cache_info().currsize:
        _server().requests.close()
        _server().process.wait(10)
        _server.cache_clear()


def _serve(requests: socket.socket) -> None:
    """Answer each request with the pid of its command and, when it has ended, with its status."""
    while True:
        message, fds, _, _ = socket.recv_fds(requests, 2**20, 3)
        _reap()
        if not message:
            return
        if not os.fork():
            requests.close()
            _answer(*json.loads(message), *fds)
        for fd in fds:
            os.close(fd)


def _reap() -> None:
    """Take note of the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(command: list[str], cwd: str, environ: dict[str, str], out: int, err: int, reply: int) -> None:
    if pid := os.fork():
        os.write(reply, b"%d\n" % pid)
        status = os.waitpid(pid, 0)[1]
        with contextlib.suppress(BrokenPipeError):  # after the time that it may take
            os.write(reply, b"%d\n" % status)
        os._exit(0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, max(out, err, reply) + 1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    name = Path(command[0]).name
    Path("/proc/self/comm").write_text(name)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = command
    sys.exit(import_module(MODULES[name]).main())


if __name__ == "__main__":
    sys.path[0] = str(_BIN)  # as for the command; modules of the tests are none of its own
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with contextlib.suppress(Exception):  # a module that cannot be imported fails in the command that needs it
        import_module(MODULES["supervisorctl"])
        for module, _ in import_module(MODULES["fleet"]).COMMANDS.values():
            import_module(module)
        import_module("aiohttp_fleet_drill.command")
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
