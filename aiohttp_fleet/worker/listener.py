"""Where a worker listens: unix sockets and TCP ports, from open to withdrawn."""

import asyncio
import select
import socket

from aiohttp import web
from aiohttp.web import SockSite

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.socket_path import PathState, SocketPath


class UnixListener:
    """A unix socket path.

    Args:
        path: the path.
        backlog: connections that may wait.
    """

    def __init__(self, path: SocketPath, backlog: int) -> None:
        self._path = path
        self._backlog = backlog
        self._runner: web.BaseRunner | None = None
        self._open: list[tuple[socket.socket, SockSite]] = []

    def __str__(self) -> str:
        return self._path.path

    async def open(self, runner: web.BaseRunner) -> None:
        """Bind a temporary name, accept connections, and only then rename it onto the path."""
        self._runner = runner
        sock = self._path.bind(self._backlog)
        site = SockSite(runner, sock, backlog=self._backlog)
        try:
            await site.start()
            self._path.publish()
        except BaseException:  # a signal in the start-up is a cancellation
            self._path.remove_temporary()
            await site.stop()
            raise
        self._open.append((sock, site))

    async def withdraw(self) -> None:
        """Unlink the path: nginx gets ENOENT and tries the next server, even with a POST."""
        self._path.withdraw()

    def is_pending(self) -> bool:
        """Whether clients have connected that are not accepted yet."""
        return any(_is_pending(sock) for sock, _ in self._open)

    async def keep_bound(self) -> bool:
        """Bind again a path that was removed, for example by a cleaner of /tmp; False when a successor has it.

        Raises:
            FleetError: it could not be bound again.
        """
        await self._close_old()
        state = self._path.state()
        if state is PathState.MISSING and self._runner is not None:
            await self.open(self._runner)
            log_line(f"{self}: the path was removed, bound again")
        return state is not PathState.REPLACED

    async def _close_old(self) -> None:
        """Close the sockets whose path was removed, once every client in their backlog is accepted."""
        for old in self._open[:-1]:
            if not _is_pending(old[0]):
                await old[1].stop()
                self._open.remove(old)


class TcpListener:
    """A TCP port.

    Args:
        socks: bound sockets, one for each address of the host.
        backlog: connections that may wait.
    """

    def __init__(self, socks: list[socket.socket], backlog: int) -> None:
        self._socks = socks
        self._backlog = backlog
        self._sites: list[SockSite] = []

    def __str__(self) -> str:
        return ", ".join("{}:{}".format(*sock.getsockname()[:2]) for sock in self._socks)

    async def open(self, runner: web.BaseRunner) -> None:
        """Listen and accept.

        Raises:
            FleetError: another process listens on the port since it was bound.
        """
        for sock in self._socks:
            site = SockSite(runner, sock, backlog=self._backlog)
            try:
                await site.start()
            except OSError as error:
                raise _cannot_listen(str(self), error) from None
            self._sites.append(site)

    async def withdraw(self) -> None:
        """Accept the clients in the backlog, then close: Linux resets what is in it when a TCP listener closes."""
        for _ in range(self._backlog):
            if not self.is_pending():
                break
            await asyncio.sleep(0)
        self._socks = []
        while self._sites:
            await self._sites.pop().stop()

    def is_pending(self) -> bool:
        """Whether clients have connected that are not accepted yet."""
        return any(map(_is_pending, self._socks))

    async def keep_bound(self) -> bool:
        """Return True: a bound port cannot be taken."""
        return True


Listener = UnixListener | TcpListener
"""An aiohttp site that can be closed without a failed request."""


def bind_tcp(host: str, port: int) -> list[socket.socket]:
    """Bind every address of ``host``, without listening.

    Raises:
        FleetError: the host is unknown or not of this machine, or the port is taken or not allowed.
    """
    socks: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, proto, _, address in dict.fromkeys(found):
            sock = socket.socket(family, kind, proto)
            socks.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.setblocking(False)
    except OSError as error:
        for sock in socks:
            sock.close()
        raise _cannot_listen(f"{host}:{port}", error) from None
    return socks


def _cannot_listen(where: str, error: OSError) -> FleetError:
    step = "find the process with ss -ltnp, or choose another --host or --port"
    if isinstance(error, socket.gaierror):
        step = "name an address of this machine in --host"
    return FleetError(where, f"cannot listen there ({error.strerror})", step)


def _is_pending(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
