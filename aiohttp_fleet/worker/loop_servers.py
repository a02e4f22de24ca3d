"""Hear of a program that gives an aiohttp server to its event loop itself, without a site: ``loop.create_server``."""

import asyncio
import importlib.util
import socket
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from aiohttp.web import Server

METHODS = ("create_server", "create_unix_server")
Create = Callable[..., Awaitable[asyncio.AbstractServer]]


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
        kinds: list[type[asyncio.AbstractEventLoop]] = [asyncio.SelectorEventLoop]
        if importlib.util.find_spec("uvloop"):
            import uvloop

            kinds.append(uvloop.Loop)
        for kind in kinds:
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
