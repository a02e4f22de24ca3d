"""What supervisord.conf says about the workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SITE = "site.conf"
"""Name of the file for an nginx that the system runs."""


@dataclass(frozen=True)
class Worker:
    """One process that serves the application.

    Attributes:
        name: supervisord's process_name, such as ``web1``.
        namespec: what supervisorctl calls it, such as ``aiohttp:web1``.
        sockets: the paths it serves; nginx uses the first.
        control: the path of its control socket.
        argv: its whole command line, split into words.
        command: the same without the sockets, the control socket and the drain: what all workers have in common.
        directory: its working directory, None for supervisord's.
        environment: the variables that it has in addition to supervisord's.
        drain: seconds that requests in flight get, None if a program that is not the kit's worker has no ``--drain``.
        stopwaitsecs: seconds until supervisord kills it.
    """

    name: str
    namespec: str
    sockets: tuple[str, ...]
    control: str
    argv: tuple[str, ...]
    command: tuple[str, ...]
    directory: str | None
    environment: Mapping[str, str]
    drain: float | None
    stopwaitsecs: int

    @property
    def socket(self) -> str:
        """The path that nginx uses."""
        return self.sockets[0]


@dataclass(frozen=True)
class Fleet:
    """All workers of one program.

    Attributes:
        program: the program's name, which is also that of nginx's upstream.
        workers: in the order of their numbers.
        standby: the spare worker, which nginx uses when no worker answers; None without ``[program:standby]``.
        nginx: namespec of nginx, None without ``[program:nginx]``.
        watchdog: namespec of the watchdog, None without ``[program:watchdog]``.
        stop: seconds that a stop takes at most: supervisord stops one program after the other.
        control_socket: path of supervisord's control socket.
        supervisord_conf: the file that says all this.
        nginx_conf: nginx.conf, or site.conf if the system runs nginx.
        credentials: user and password of the control socket, None without; not in ``repr()``.
    """

    program: str
    workers: tuple[Worker, ...]
    standby: Worker | None
    nginx: str | None
    watchdog: str | None
    stop: int
    control_socket: str
    supervisord_conf: Path
    nginx_conf: Path
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def served(self) -> tuple[Worker, ...]:
        """The workers, then the standby where there is one."""
        return (*self.workers, self.standby) if self.standby else self.workers

    @property
    def is_site(self) -> bool:
        """Whether it is a site of an nginx that the system runs."""
        return self.nginx_conf.name == SITE

    @property
    def lock(self) -> Path:
        """The file that a command locks while it changes the fleet; next to supervisord's control socket."""
        return Path(self.control_socket).parent / "fleet.lock"
