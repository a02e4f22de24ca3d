"""Take an application from the program that serves it: ``web.run_app``, a runner, a site, or what ends in them.

All of them end in an AppRunner or a ServerRunner, whose ``setup`` is the application's start-up, and in a site, whose
``start`` opens a port. Both are replaced, in the modules in which programs find them; so the program's own code runs,
with its own event loop, signals and clean-up, and a site opens the worker's sockets instead. A site that is stopped,
as every clean-up does first, drains.
"""

import asyncio
import inspect
import os
import signal
import socket
import traceback
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.access_log import access_logger
from aiohttp_fleet.worker.aiohttp_internals import replace_classes
from aiohttp_fleet.worker.arguments import CLEANUP, Options
from aiohttp_fleet.worker.drain import EarlyShutdown, Runner
from aiohttp_fleet.worker.forked_children import is_workers, prefixes_of
from aiohttp_fleet.worker.loop_servers import LoopServer, LoopServers
from aiohttp_fleet.worker.program import place
from aiohttp_fleet.worker.program_signals import ProgramSignals
from aiohttp_fleet.worker.serving import KEEPALIVE, Serving

PORT = 8080
"""Of a TCPSite that names none."""
UNUSED = {
    "shutdown_timeout": "--drain says how long requests may take",
    "keepalive_timeout": "nginx closes idle connections",
}
"""Settings of a runner that the worker has itself."""
DEFAULTS = inspect.signature(web.run_app).parameters
"""It names all of them whatever its caller names."""


class HandOver:
    """What a program serves.

    Args:
        serving: where the application is served, and how.
        options: the command line.
    """

    def __init__(self, serving: Serving, options: Options) -> None:
        self._serving = serving
        self._options = options
        self._runner: EarlyShutdown | None = None
        self._is_open = False
        self._watch: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None
        self._signals = ProgramSignals(self.close)

    def install(self) -> None:
        """Replace runners and sites, before the program is imported; later ones take the place of the first."""
        _Runner.hand_over = _Site.hand_over = self
        self._signals.listen()
        replace_classes(AppRunner, ServerRunner, TCPSite, UnixSite, SockSite)
        LoopServers(self.open_loop_server, self._is_workers).install()

    def settings(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of a runner, from those that the program has named."""
        for name, reason in UNUSED.items():
            if name in named and named[name] != DEFAULTS[name].default:
                log_line(f"{name}={named[name]} is not used: {reason}")
        settings = {**named, "shutdown_timeout": CLEANUP}
        if self._options.access_log:
            settings["access_log"] = access_logger()
        if self._options.handler_cancellation:
            settings["handler_cancellation"] = True
        return settings

    async def begin(self, runner: EarlyShutdown) -> None:
        """Be before the start-up of a runner's application; a second one ends this process."""
        if self._runner is not None:
            where = place(traceback.extract_stack())
            step = "run it as a program of its own, with a [program:x] in supervisord.conf"
            log_line(
                str(FleetError(self._options.app, f"{where}serves a second application, a worker serves one", step))
            )
            os._exit(1)  # an error in a task may never be seen
        self._runner = runner
        await self._serving.begin()

    async def open(self, named: str, address: Any = None) -> None:
        """Serve on the worker's sockets; do nothing for the second site of the runner.

        Args:
            named: where the program would listen.
            address: the same, as a socket has it.
        """
        if address not in map(str, self._serving.listeners):
            log_line(f"{named} is not opened: nginx listens, and this worker on {self.where()}")
        if self._is_open:
            return
        assert self._runner is not None  # a site needs one that is set up
        self._is_open = True
        await self._serving.open(self._runner)
        self._watch = asyncio.create_task(self._end_with_a_successor())
        self._signals.take()

    async def open_loop_server(self, server: web.Server, named: str) -> asyncio.AbstractServer:
        """Serve a server that has no site on the worker's sockets; return one that ends when the drain is done."""
        if self._runner is None or self._runner.server is not server:
            await ServerRunner(server).setup()
        await self.open(named)
        return LoopServer(self.close)

    def _is_workers(self, sock: socket.socket) -> bool:
        return is_workers(sock.getsockname(), prefixes_of(self._options), self._options.port)

    async def close(self) -> None:
        """Drain, once."""
        if self._watch is not None and self._runner is not None:
            self._watch.cancel()
            self._drain = self._drain or asyncio.create_task(self._serving.drain(self._runner))
            await asyncio.shield(self._drain)

    async def end(self, runner: EarlyShutdown) -> None:
        """Be after the clean-up of a runner."""
        if runner is self._runner:
            await self._serving.withdraw()
            await self._serving.close()

    def where(self) -> str:
        """Return the worker's sockets."""
        return " and ".join(map(str, self._serving.listeners))

    async def _end_with_a_successor(self) -> None:
        await self._serving.until_stopped(asyncio.Event())
        os.kill(os.getpid(), signal.SIGTERM)


class _Runner(EarlyShutdown):
    hand_over: ClassVar[HandOver]

    def __init__(self, *served: Any, **named: Any) -> None:
        settings = self.hand_over.settings(named)
        if isinstance(self, Runner):  # a low-level server has settings of its own
            settings["keepalive_timeout"] = KEEPALIVE
        super().__init__(*served, **settings)

    @property
    def sites(self) -> set[web.BaseSite]:
        return {site for site in super().sites if isinstance(site, _Site)}  # not those on the worker's sockets

    @property
    def addresses(self) -> list[Any]:
        return [site.address for site in super().sites if isinstance(site, _Site)]

    async def setup(self) -> None:
        await self.hand_over.begin(self)
        await super().setup()

    async def cleanup(self) -> None:
        try:
            await super().cleanup()
        finally:
            await self.hand_over.end(self)


class _Site(web.BaseSite):
    hand_over: ClassVar[HandOver]

    def __init__(self, *where: Any, **named: Any) -> None:
        super().__init__(*where, **named)
        given = inspect.signature(super().__init__).bind(*where, **named)
        given.apply_defaults()
        self._given = given.arguments

    @property
    def address(self) -> Any:
        """Return what the program names, as a socket would: host and port, a path, or the address of its socket."""
        if sock := self._given.get("sock"):
            return sock.getsockname()
        return self._given.get("path") or (
            self._given["host"] or "0.0.0.0",
            PORT if self._given["port"] is None else self._given["port"],
        )

    @property
    def name(self) -> str:
        return f"http://unix:{self.hand_over.where()}:"

    def named(self) -> str:
        """Return what the program calls it."""
        return super().name  # type: ignore[safe-super]  # it is that of a TCPSite, a UnixSite or a SockSite

    async def start(self) -> None:
        await web.BaseSite.start(self)  # the runner knows it then; no port is opened
        await self.hand_over.open(self.named(), self.address)

    async def stop(self) -> None:
        await self.hand_over.close()
        await super().stop()


class AppRunner(_Runner, Runner):
    """Of an application."""


class ServerRunner(_Runner, web.ServerRunner):
    """Of a handler without an application (https://docs.aiohttp.org/en/stable/web_lowlevel.html)."""


class TCPSite(_Site, web.TCPSite):
    """For a port."""


class UnixSite(_Site, web.UnixSite):
    """For a unix socket."""


class SockSite(_Site, web.SockSite):
    """For a socket of the program's."""
