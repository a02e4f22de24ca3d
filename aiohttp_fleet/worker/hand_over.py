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
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.access_log import access_logger
from aiohttp_fleet.worker.aiohttp_internals import replace_classes
from aiohttp_fleet.worker.arguments import CLEANUP, Options
from aiohttp_fleet.worker.drain import EarlyShutdown, Runner
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
        self._watch: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None
        self._signals = ProgramSignals(self.close)

    def install(self) -> None:
        """Replace runners and sites, before the program is imported; later ones take the place of the first."""
        _Runner.hand_over = _Site.hand_over = self
        self._signals.listen()
        replace_classes(AppRunner, ServerRunner, TCPSite, UnixSite, SockSite)

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
        """Be before the start-up of a runner's application.

        Raises:
            FleetError: the program has another one.
        """
        if self._runner is not None:
            step = "run it as a program of its own, with a [program:x] in supervisord.conf"
            raise FleetError(self._options.app, "it serves a second application, and a worker serves one", step)
        self._runner = runner
        self._signals.listen_to(type(asyncio.get_running_loop()))
        await self._serving.begin()

    async def open(self, site: "_Site") -> None:
        """Serve on the worker's sockets; do nothing for the second site of the runner."""
        if site.address not in map(str, self._serving.listeners):
            log_line(f"{site.named()} is not opened: nginx listens, and this worker on {self.where()}")
        if self._watch is not None:
            return
        assert self._runner is not None  # a site needs one that is set up
        self._watch = asyncio.create_task(self._end_with_a_successor())
        await self._serving.open(self._runner)
        if threading.current_thread() is threading.main_thread():
            self._signals.take()
        else:  # only the main thread may (https://docs.python.org/3/library/signal.html#signals-and-threads)
            log_line("it is served in a thread, so a signal is handled by the program alone, without a drain")

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
        return self._given.get("path") or (self._given["host"] or "0.0.0.0", self._given["port"] or PORT)

    @property
    def name(self) -> str:
        return f"http://unix:{self.hand_over.where()}:"

    def named(self) -> str:
        """Return what the program calls it."""
        return super().name  # type: ignore[safe-super]  # it is that of a TCPSite, a UnixSite or a SockSite

    async def start(self) -> None:
        await web.BaseSite.start(self)  # the runner knows it then; no port is opened
        await self.hand_over.open(self)

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
