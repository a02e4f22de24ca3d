"""What supervisord.conf says about the workers."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Worker:
    """One process that serves the application.

    Attributes:
        number: supervisord's process_num; 0 for the standby.
        name: supervisord's process_name, such as ``web1``.
        namespec: what supervisorctl calls it, such as ``aiohttp:web1``.
        sockets: the paths it serves; nginx uses the first.
        command: its command line without the sockets and the drain, split into words.
        drain: seconds that requests in flight get, None when its program is not the kit's worker and does not say.
        stopwaitsecs: seconds until supervisord kills it.
    """

    number: int
    name: str
    namespec: str
    sockets: tuple[str, ...]
    command: tuple[str, ...]
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
        standby: the spare worker that nginx falls back to, None without ``[program:standby]``.
        nginx: namespec of nginx, None without ``[program:nginx]``.
        control_socket: path of the socket that supervisord answers RPC on.
        supervisord_conf: the file all this comes from.
        nginx_conf: the file that follows it.
    """

    program: str
    workers: tuple[Worker, ...]
    standby: Worker | None
    nginx: str | None
    control_socket: str
    supervisord_conf: Path
    nginx_conf: Path
