"""SIGTERM and SIGINT in a program that serves by itself: drain first, then do what the program does at them.

A program may raise, stop its loop or cancel all its tasks, which would cut requests in flight.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.worker.loop_servers import loop_kinds

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LOOPS = ("asyncio.", "uvloop")
"""Modules whose handlers stand for those that a program gives its event loop."""


class ProgramSignals:
    """What the program does at each signal.

    Args:
        drain: what comes first.
    """

    def __init__(self, drain: Callable[[], Awaitable[None]]) -> None:
        self._drain = drain
        self._of_loop: dict[int, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self._of_process: dict[int, Any] = {}
        self._is_ours = False
        self._first: signal.Signals | None = None
        self._draining: asyncio.Task[None] | None = None
        self._add: dict[type, Callable[..., None]] = {}

    def listen(self) -> None:
        """Hear of the handlers that the program sets from now on."""
        for kind in loop_kinds():  # a handler may be there before the first runner is set up
            self._listen_to(kind)
        set_handler = signal.signal

        def heard(signum: int, handler: Any) -> Any:
            is_of_loop = (getattr(handler, "__module__", None) or "").startswith(LOOPS)
            if not self._is_ours or signum not in SIGNALS or is_of_loop:
                return set_handler(signum, handler)
            self._of_loop.pop(signum, None)
            before, self._of_process[signum] = self._of_process[signum], handler
            return before

        signal.signal = heard  # type: ignore[assignment]

    def _listen_to(self, kind: type[asyncio.AbstractEventLoop]) -> None:
        self._add[kind] = add = kind.add_signal_handler

        def heard(loop: asyncio.AbstractEventLoop, signum: int, callback: Callable[..., object], *args: Any) -> None:
            if signum in SIGNALS:
                self._of_loop[signum] = callback, args
            if not (self._is_ours and signum in SIGNALS):
                add(loop, signum, callback, *args)

        kind.add_signal_handler = heard  # type: ignore[assignment, method-assign]

    def take(self) -> None:
        """Take the signals; the application serves.

        They are left to an event loop of another kind, whose handlers are not known, and to another thread than the
        main one, which can have none (https://docs.python.org/3/library/signal.html#signals-and-threads).
        """
        loop = asyncio.get_running_loop()
        if type(loop) not in self._add or threading.current_thread() is not threading.main_thread():
            log_line("signals are left to the program, which ends without a drain where it does not stop its site")
            return
        self._of_process = {signum: signal.getsignal(signum) for signum in SIGNALS}
        for signum in SIGNALS:
            self._add[type(loop)](loop, signum, self._hear, signum)
        self._is_ours = True

    def _hear(self, signum: signal.Signals) -> None:
        if self._first is not None:
            self._deliver(self._first)
        else:
            self._first = signum
            log_line(f"{signum.name}: draining; a second signal ends it at once")
            self._draining = asyncio.ensure_future(self._drain_and_deliver(signum))

    async def _drain_and_deliver(self, signum: signal.Signals) -> None:
        try:
            await self._drain()
        finally:
            if self._is_ours:
                self._deliver(signum)

    def _deliver(self, signum: signal.Signals) -> None:
        """Do what the program does."""
        loop, self._is_ours = asyncio.get_running_loop(), False
        for each in SIGNALS:
            loop.remove_signal_handler(each)
            if each in self._of_loop:
                callback, args = self._of_loop[each]
                loop.add_signal_handler(each, callback, *args)
            else:
                signal.signal(each, self._of_process[each])
        if signum not in self._of_loop and self._of_process[signum] == signal.SIG_DFL:
            loop.call_soon(_exit)  # the process would end without a clean-up
        else:
            os.kill(os.getpid(), signum)


def _exit() -> None:
    raise web.GracefulExit
