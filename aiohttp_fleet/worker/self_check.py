"""Ask the application before any client does: its caches fill, and code that answers 500 gets no request."""

import asyncio
import re
import socket

from aiohttp import web

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.worker.arguments import CHECK, REFUSED

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


async def check(server: web.Server, target: str) -> None:
    """Send a GET to a server that listens nowhere yet, over a connection inside this process.

    Args:
        server: the application's.
        target: the request's target, such as ``/health``.

    Raises:
        FleetError: the answer has a status of 400 or above, or does not come in ten seconds.
    """
    ours, its = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    await asyncio.get_running_loop().connect_accepted_socket(server, its)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    try:
        async with asyncio.timeout(CHECK):
            answer = await reader.read()
    except TimeoutError:
        raise FleetError(f"--check {target}", f"no answer in {CHECK:g} s", "see the log above") from None
    finally:
        writer.close()
    status = _STATUS.match(answer)
    if not status or int(status[1]) >= REFUSED:
        reason = f"the answer is {status[1].decode()}" if status else "the connection was closed"
        raise FleetError(f"--check {target}", reason, "see the log above")
