"""Hear of a program that gives an aiohttp server to its event loop itself, without a site: ``loop.create_server``."""

import asyncio
import importlib.util
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar

from aiohttp.web import Server

METHODS = ("create_server", "create_unix_server")
Create = Callable[..., Awaitable[asyncio.AbstractServer]]


def loop_kinds() -> list[type[asyncio.AbstractEventLoop]]:
    """Return the classes of event loops that programs have: asyncio's, and uvloop's where it is installed."""
    kinds: list[type[asyncio.AbstractEventLoop]] = [asyncio.SelectorEventLoop]
    if importlib.util.find_spec("uvloop"):
        import uvloop

        kinds.append(uvloop.Loop)
    return kinds


class LoopServers:
    """What stands in for the methods of event loops that serve, for aiohttp's servers.

    Args:
        serve: called in their place, with the server and where it was to listen.
        is_ours: whether a socket is the worker's own, which is served as it is.
    """

    current: ClassVar["LoopServers | None"] = None

    def __init__(
        self,
        serve: Callable[[Server, str], Awaitable[asyncio.AbstractServer]],
        is_ours: Callable[[socket.socket], bool],
    ) -> None:
        self._serve = serve
        self._is_ours = is_ours

    def install(self) -> None:
        """Take their place, and that of others."""
        is_first, LoopServers.current = LoopServers.current is None, self
        if not is_first:
            return
        for kind in loop_kinds():
            for name in METHODS:
                setattr(kind, name, _heard(getattr(kind, name)))

    async def create(
        self,
        create: Create,
        loop: asyncio.AbstractEventLoop,
        factory: Any,
        where: tuple[Any, ...],
        named: dict[str, Any],
    ) -> asyncio.AbstractServer:
        """Serve what a program gives to its event loop."""
        sock = named.get("sock")
        if not isinstance(factory, Server) or (sock is not None and self._is_ours(sock)):
            return await create(loop, factory, *where, **named)
        text = ":".join(map(str, where[:2])) or str(named.get("path") or named.get("port") or sock)
        return await self._serve(factory, text)


def _heard(create: Create) -> Create:
    async def heard(
        loop: asyncio.AbstractEventLoop, protocol_factory: Any, *where: Any, **named: Any
    ) -> asyncio.AbstractServer:
        assert LoopServers.current is not None  # it is installed
        return await LoopServers.current.create(create, loop, protocol_factory, where, named)

    return heard


class LoopServer(asyncio.AbstractServer):
    """What a program gets for its ``loop.create_server``.

    Args:
        drain: ends when no client is left.
    """

    sockets = ()

    def __init__(self, drain: Callable[[], Coroutine[None, None, None]]) -> None:
        self._drain = drain
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Future[None] | None = None

    def close(self) -> None:
        """Begin the drain."""
        self._closing = self._closing or asyncio.ensure_future(self._drain(), loop=self._loop)

    async def wait_closed(self) -> None:
        """Wait for its end."""
        if self._closing:
            await asyncio.shield(self._closing)

    async def start_serving(self) -> None:
        """It serves."""

    async def serve_forever(self) -> None:
        """Serve until it is cancelled."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.close()
            await self.wait_closed()

    def is_serving(self) -> bool:
        """Whether it is not closed."""
        return self._closing is None

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return its event loop."""
        return self._loop
