"""A private copy of the fleet: with its own paths, port, directory and application, and everything else as it is."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import indent

from aiohttp_fleet.common.deferred_signals import deferred_signals
from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import children, title
from aiohttp_fleet.common.templates import filled
from aiohttp_fleet.config.fleet import SITE
from aiohttp_fleet.nginx.kit import kit_texts
from aiohttp_fleet.worker.command_line import with_application
from aiohttp_fleet_drill.requests import POSTS
from aiohttp_fleet_drill.sandbox import end, free_port, sandbox
from aiohttp_fleet_drill.target import BIN, Target

MODULE = "drilled.py"
"""The application of the copy: a file in its directory, which a fault may break."""
GOOD = "from aiohttp_fleet_drill.app import create_app\n"
LOGS = 4000
"""Characters at the end of each log that are kept as evidence."""
PATIENCE = 20.0
"""Seconds for supervisord to end with all its processes, before it is killed."""
DISK = "64m"
"""The size of the file system that log-full fills."""
MEMORY = "150MB"
"""The limit of a worker's memory in the drill: it begins with 40 MB and leaks 10 MB a second."""

_SOCKETS = r"(--path=|unix:)\S*/web_"
"""Where the sockets are, in both files."""


class PrivateCopy(Target):
    """A private copy.

    Attributes:
        place: its directory; sockets are in it, the application is imported from it.
        port: of its nginx.
        posts: where its workers note the POSTs that they handle, see `aiohttp_fleet_drill.app.note_post`.
    """

    def __init__(
        self,
        place: Path,
        deploy: Path,
        app: str,
        directory: Path,
        user: str,
        options: str = "",
        program: str = "aiohttp",
    ) -> None:
        """Copy ``deploy`` to ``place`` and edit paths, port and application.

        Args:
            place: an empty directory that everybody may write to.
            deploy: with supervisord.conf and nginx.conf.
            app: the application, MODULE:NAME.
            directory: where the application is imported from.
            user: the workers' user, as root.
            options: more options of the launcher of nginx.
            program: the workers' program.
        """
        self.place = place
        self.port = free_port()
        self.posts = place / "posts"
        self.posts.touch()
        self.posts.chmod(0o666)  # for any user of the workers
        shutil.copytree(deploy, place / "deploy", ignore=_running_files)
        (place / "deploy" / "run").mkdir()
        super().__init__(place / "deploy" / "supervisord.conf", program)
        self._supervisord: subprocess.Popen[bytes] | None = None
        self.nginx_conf = place / "deploy" / "nginx.conf"
        if self.described.nginx is None:
            _give_nginx(self.supervisord_conf, deploy)
        edit(self.nginx_conf, {_SOCKETS: rf"\1{place}/web_", r"listen \d+": f"listen 127.0.0.1:{self.port}"})
        edit(
            self.supervisord_conf,
            {
                _SOCKETS: rf"\1{place}/web_",
                r'command="[^"\n]+"': f'command="{sys.executable}"',
                r"\ndirectory=\S+": f"\ndirectory={directory}",
                r"(aiohttp_fleet\.worker )(.+)": lambda found: found[1] + _with_application(found[2], app),
                r"--user=\S+": f"--user={user}",
                r'nginx\.conf" ': f'nginx.conf" {options}',
            },
        )

    @property
    def supervisord(self) -> subprocess.Popen[bytes]:
        """Its supervisord, this process's child."""
        assert self._supervisord is not None, "launch() has not been called"
        return self._supervisord

    def templates(self) -> list[int]:
        """Return the pids of the templates that its workers are forked from."""
        begins = f"{self.program} template: ".encode()
        return sorted(pid for pid in children(self.supervisord.pid) if title(pid).startswith(begins))

    def launch(self, environ: Mapping[str, str] | None = None) -> None:
        """Start supervisord in the foreground, and do not wait for anything.

        Args:
            environ: its environment, None for that of this process.
        """
        null = subprocess.DEVNULL
        command = [str(BIN / "supervisord"), "-n", "-c", str(self.supervisord_conf)]
        self._supervisord = subprocess.Popen(
            command,
            stdin=null,
            stdout=null,
            stderr=null,
            env={**(os.environ if environ is None else environ), POSTS: str(self.posts)},
            process_group=0,  # Ctrl-C is for this process only
        )

    def stop(self) -> None:
        """Stop everything, also what a killed supervisord left."""
        if self._supervisord is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._supervisord.terminate()
            self._supervisord.wait(PATIENCE)
        self._supervisord.kill()
        self._supervisord.wait()
        end(self.place)

    def evidence(self) -> str:
        """Return the ends of all logs and the two files."""
        logs = sorted((self.place / "deploy" / "run").glob("*.log"))
        files = [*(log for log in logs if log.name != "access.log"), self.supervisord_conf, self.nginx_conf]
        return "\n".join(f"--- {file}\n{file.read_text(errors='replace')[-LOGS:]}" for file in files)


def _running_files(directory: str, names: list[str]) -> list[str]:
    """Return what is not copied: all that a running fleet has made, certificates included, and static routes."""
    return [name for name in names if name in ("run", "tls", "static.conf") or Path(directory, name).is_socket()]


def _give_nginx(conf: Path, deploy: Path) -> None:
    """Give the copy of a fleet behind the system's nginx an nginx of its own.

    Args:
        conf: supervisord.conf of the copy.
        deploy: the directory that was copied, which absolute paths name.
    """
    conf.write_text(conf.read_text() + filled("program-nginx.conf", {"PYTHON": sys.executable, "USER": "nobody"}))
    site = conf.parent / SITE
    if not site.exists():
        return
    for file in (site, *conf.parent.glob("kit/*.conf")):
        file.write_text(file.read_text().replace(f"{deploy.resolve()}/", ""))
    for path, text in kit_texts(conf.parent, is_site=False).items():
        if not path.exists():
            path.write_text(text)
    (conf.parent / "nginx.conf").write_text(filled("nginx.conf", {"BODY": indent(site.read_text(), "  ")}))
    site.unlink()


def _with_application(command: str, app: str) -> str:
    words = re.findall(r"""(?:"[^"]*"|'[^']*'|\S)+""", command)
    return " ".join(with_application(words, app))


def edit(file: Path, changes: Mapping[str, str | Callable[[re.Match[str]], str]]) -> None:
    """Replace patterns in a file, each wherever it is, in the order of the mapping.

    Raises:
        FleetError: one is not found.
    """
    text = file.read_text()
    for pattern, new in changes.items():
        text, count = re.subn(pattern, new, text)
        if not count:
            step = "begin with a copy of the shipped files"
            raise FleetError(str(file), f"there is nothing like {pattern} in it", step)
    file.write_text(text)


@contextmanager
def private_copy(deploy: Path, program: str, user: str) -> Iterator[PrivateCopy]:
    """Start a private copy of the fleet of ``deploy`` and wait until it is ready; end and remove it at the end.

    Args:
        deploy: the directory with supervisord.conf and nginx.conf.
        program: the workers' program.
        user: the workers' user, as root.

    Raises:
        FleetError: it does not become ready.
    """
    with sandbox() as directory, ExitStack() as stack:
        (directory / MODULE).write_text(GOOD)
        target = PrivateCopy(directory, deploy, f"{Path(MODULE).stem}:create_app", directory, user, program=program)
        stack.enter_context(_small_disk(directory / "deploy" / "run"))
        if target.described.watchdog:
            edit(target.supervisord_conf, {r"(aiohttp_fleet\.watchdog [^\n]*)": rf"\1 --max-memory={MEMORY}"})
        try:
            target.launch()
            target.until("the fleet to be ready", target.is_ready)
            yield target
        finally:
            with deferred_signals():
                target.stop()


@contextmanager
def _small_disk(directory: Path) -> Iterator[None]:
    """Put a small file system of its own on a directory, to be filled; where that is not allowed, do nothing."""
    options = f"size={DISK},mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", str(directory)], capture_output=True, check=True)
