"""The worker's sites, from listening to withdrawn: unix sockets and TCP ports."""

import asyncio
import select
import socket
from typing import Protocol

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.socket_path import Holder, SocketPath


class Listener(Protocol):
    """An aiohttp site that can leave without dropping anyone."""

    async def open(self, runner: web.BaseRunner) -> None:
        """Start to accept, then let clients find it."""

    async def withdraw(self) -> None:
        """Let no new client find it; those who have connected are still served."""

    def is_pending(self) -> bool:
        """Whether clients have connected that are not accepted yet."""

    async def still_served(self) -> bool:
        """Mend what can be mended; False when a successor has taken its place."""


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
        self._open: list[tuple[socket.socket, web.SockSite]] = []

    def __str__(self) -> str:
        return self._path.path

    async def open(self, runner: web.BaseRunner) -> None:
        """Bind beside the path, accept, and only then rename onto it."""
        self._runner = runner
        sock = self._path.bind(self._backlog)
        site = web.SockSite(runner, sock, backlog=self._backlog)
        try:
            await site.start()
            self._path.publish()
        except BaseException:  # a signal in the start-up is a cancellation
            self._path.forget()
            await site.stop()
            raise
        self._open.append((sock, site))

    async def withdraw(self) -> None:
        """Unlink the path: nginx gets ENOENT and asks the next server, even for a POST."""
        self._path.withdraw()

    def is_pending(self) -> bool:
        """Whether clients have connected that are not accepted yet."""
        return any(_pending(sock) for sock, _ in self._open)

    async def still_served(self) -> bool:
        """Bind again where a cleaner of /tmp has removed the path; False when a successor has it.

        Raises:
            FleetError: it could not be bound again.
        """
        await self._close_lost()
        holder = self._path.holder()
        if holder is Holder.NOBODY and self._runner is not None:
            await self.open(self._runner)
            log_line(f"{self}: it was gone, bound again")
        return holder is not Holder.ANOTHER

    async def _close_lost(self) -> None:
        """Close the sockets whose path was lost before, once everybody who reached them is accepted."""
        for lost in self._open[:-1]:
            if not _pending(lost[0]):
                await lost[1].stop()
                self._open.remove(lost)


class TcpListener:
    """A TCP port.

    Args:
        socks: bound sockets, one for each address of the host.
        backlog: connections that may wait.
    """

    def __init__(self, socks: list[socket.socket], backlog: int) -> None:
        self._socks = socks
        self._backlog = backlog
        self._sites: list[web.SockSite] = []

    def __str__(self) -> str:
        return ", ".join("{}:{}".format(*sock.getsockname()[:2]) for sock in self._socks)

    async def open(self, runner: web.BaseRunner) -> None:
        """Listen and accept.

        Raises:
            FleetError: somebody has begun to listen on the port since it was bound.
        """
        for sock in self._socks:
            site = web.SockSite(runner, sock, backlog=self._backlog)
            try:
                await site.start()
            except OSError as error:
                raise _cannot_listen(str(self), error) from None
            self._sites.append(site)

    async def withdraw(self) -> None:
        """Accept who is waiting, then close: Linux resets whatever a closing TCP listener has in its backlog."""
        for _ in range(self._backlog):
            if not self.is_pending():
                break
            await asyncio.sleep(0)
        self._socks = []
        while self._sites:
            await self._sites.pop().stop()

    def is_pending(self) -> bool:
        """Whether clients have connected that are not accepted yet."""
        return any(map(_pending, self._socks))

    async def still_served(self) -> bool:
        """Nobody can take a port away."""
        return True


def bind_tcp(host: str, port: int) -> list[socket.socket]:
    """Bind, without listening, every address of ``host``.

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
    step = "see who has it with ss -ltnp, or choose another --host or --port"
    if isinstance(error, socket.gaierror):
        step = "name an address of this machine in --host"
    return FleetError(where, f"cannot listen there ({error.strerror})", step)


def _pending(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
