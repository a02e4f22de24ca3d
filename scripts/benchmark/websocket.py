"""Websocket echo as fast as possible, with one message in flight on each connection."""

import asyncio
import time

import uvloop

from scripts.benchmark.load import Load, ranked

TEXT = b"x" * 32
SENT = bytes([0x81, 0x80 | len(TEXT), 0, 0, 0, 0]) + TEXT
"""A text frame with the mask 0, which every client has to have (RFC 6455, 5.3)."""
ECHO = bytes([0x81, len(TEXT)]) + TEXT
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def echoed(port: int, connections: int, seconds: float) -> Load:
    """Send a message on each connection, and the next when it has come back."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(port, connections, seconds))


async def _run(port: int, connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(_Socket, "127.0.0.1", port))[1] for _ in range(connections)]
    await asyncio.gather(*(socket.opened for socket in made))
    for socket in made:
        socket.send()
    await asyncio.sleep(seconds)
    for socket in made:
        socket.transport.close()
    failed = sum(socket.failed for socket in made)
    return ranked([latency for socket in made for latency in socket.latencies], seconds, failed)


class _Socket(asyncio.Protocol):
    def __init__(self) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.seen, self.began, self.failed = b"", 0.0, 0
        self.latencies: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(HANDSHAKE)  # type: ignore[attr-defined]

    def send(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(SENT)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.seen += data
        if not self.opened.done():
            if self.seen.endswith(b"\r\n\r\n"):
                self.failed, self.seen = int(not self.seen.startswith(b"HTTP/1.1 101")), b""
                self.opened.set_result(None)
        elif len(self.seen) >= len(ECHO):
            self.latencies.append(time.perf_counter() - self.began)
            self.failed += self.seen != ECHO
            self.seen = b""
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("closed in the handshake"))
        self.failed += error is not None
