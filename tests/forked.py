"""Commands and workers in forks of a process that has imported them, for a tenth of what a start costs.

Each is a process of its own, with its own arguments, environment, directory and output. A worker begins as one that
supervisord has forked; a command is its own ``main``.
"""

import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

MODULES = {"fleet": "aiohttp_fleet.cli", "supervisorctl": "supervisor.supervisorctl"}
"""Where the ``main`` of each command is."""
WORKER = ("python", "-m", "aiohttp_fleet.worker")
_FORK = "aiohttp_fleet.plugin.become_worker"
_BIN = Path(sys.executable).parent
_LOCK = threading.Lock()


class Process:
    """A process that is forked, as a `subprocess.Popen`.

    Args:
        command: what would be executed; its name without a directory.
        stdout: where its output goes to.
        stderr: where its errors go to.
        cwd: the directory that it runs in, None for that of this process.
        environ: its environment, None for that of this process.

    Attributes:
        pid: its process id.
        returncode: None until it is known, see `wait`.
    """

    def __init__(
        self,
        *command: str,
        stdout: IO[Any],
        stderr: IO[Any],
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.args = [str(_BIN / command[0]), *command[1:]]
        self.returncode: int | None = None
        request = json.dumps([self.args, str(cwd or Path.cwd()), dict(environ or os.environ)]).encode()
        self._messages, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, _LOCK:
            socket.send_fds(_server().requests, [request], [stdout.fileno(), stderr.fileno(), theirs.fileno()])
        self.pid = int(self._messages.recv(100))

    def wait(self, timeout: float) -> int:
        """Wait until it has ended, and return its exit code.

        Raises:
            TimeoutExpired: it has not in so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._messages], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = os.waitstatus_to_exitcode(int(self._messages.recv(100)))
            self._messages.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def executed(
    *command: str, stdout: IO[Any], stderr: IO[Any], cwd: Path, environ: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start a `Process` that is not forked, but executed."""
    null = subprocess.DEVNULL
    command = (str(_BIN / command[0]), *command[1:])
    return subprocess.Popen(command, stdin=null, stdout=stdout, stderr=stderr, cwd=cwd, env=environ)


def run(
    *command: str,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    stdout: IO[str] | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run`; for the arguments see `Process`.

    Args:
        command: the command.
        cwd: its directory.
        environ: its environment.
        stdout: where its output goes to; else it is returned.
        timeout: seconds that it may take.

    Raises:
        TimeoutExpired: it took longer, and was killed.
    """
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        process = Process(*command, stdout=stdout or out, stderr=err, cwd=cwd, environ=environ)
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            process.wait(timeout)
            raise
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(process.args, code, out.read(), err.read())


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
    """Answer each request with the pid of its process and, when it has ended, with its status."""
    while True:
        message, fds, _, _ = socket.recv_fds(requests, 2**20, 3)
        _reap()
        if not message:
            return
        command, cwd, environ = json.loads(message)
        _import(Path(command[0]).name)
        if not os.fork():
            requests.close()
            _answer(command, cwd, environ, *fds)
        for fd in fds:
            os.close(fd)


def _reap() -> None:
    """Take note of the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


@functools.cache
def _import(name: str) -> None:
    """Import what a command needs; what cannot be imported fails in the process that needs it."""
    with contextlib.suppress(Exception):
        if name not in MODULES:
            import_module(_FORK)
            import_module("uvloop")
            return
        for module, _ in getattr(import_module(MODULES[name]), "COMMANDS", {}).values():
            import_module(module)
    gc.freeze()


def _answer(command: list[str], cwd: str, environ: dict[str, str], out: int, err: int, reply: int) -> NoReturn:
    if pid := os.fork():
        os.write(reply, b"%d" % pid)
        status = os.waitpid(pid, 0)[1]
        with contextlib.suppress(BrokenPipeError):  # no one waits for it
            os.write(reply, b"%d" % status)
        os._exit(0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, max(out, err, reply) + 1)
    os.chdir(cwd)
    name = Path(command[0]).name
    if name not in MODULES:
        import_module(_FORK).run(command, environ)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    Path("/proc/self/comm").write_text(name)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = command
    sys.exit(import_module(MODULES[name]).main())


if __name__ == "__main__":
    sys.path[0] = str(_BIN)  # as for the command; modules of the tests are none of its own
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _serve(socket.socket(fileno=int(sys.argv[1])))
