"""``python -m scripts.benchmark.slow PORT CLIENTS``: clients on slow lines, until it is stopped."""

import asyncio
import socket
import sys

import uvloop

REQUEST = b"GET /page HTTP/1.1\r\nHost: bench\r\n\r\n"
PIECE = 2048
"""Bytes that a client reads at a time."""
PAUSE = 0.05
"""Seconds until it reads the next: 40 kB a second, so that a page takes 0.8 s."""


async def _connected(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)  # or the kernel would take the whole page at once
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return sock


async def _client(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        for byte in range(len(REQUEST)):
            await loop.sock_sendall(sock, REQUEST[byte : byte + 1])
            await asyncio.sleep(PAUSE / 5)
        rest = None
        while rest is None or rest > 0:
            piece = await loop.sock_recv(sock, PIECE)
            if not piece:
                raise ConnectionError("a slow client was cut off")
            if rest is None:
                head, _, body = piece.partition(b"\r\n\r\n")
                rest = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(body)
            else:
                rest -= len(piece)
            await asyncio.sleep(PAUSE)


async def _run(port: int, clients: int) -> None:
    connected = [await _connected(port) for _ in range(clients)]
    async with asyncio.TaskGroup() as group:
        for sock in connected:
            group.create_task(_client(sock))
        print("begun", flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(int(sys.argv[1]), int(sys.argv[2])))
