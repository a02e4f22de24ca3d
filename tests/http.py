"""A plain HTTP client: it sends what the test says, once."""

import socket
import ssl
from pathlib import Path

GET = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nping"


class Client:
    """One connection.

    Args:
        address: a socket path, or a port of this machine.
        tls: how to speak https, None for http.
    """

    def __init__(self, address: Path | int, tls: ssl.SSLContext | None = None) -> None:
        unix = isinstance(address, Path)
        self._sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        self._sock.settimeout(20)
        self._sock.connect(str(address) if unix else ("127.0.0.1", address))
        if tls is not None:
            self._sock = tls.wrap_socket(self._sock)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()

    def send(self, request: bytes) -> None:
        """Send a request, or a part of one."""
        self._sock.sendall(request)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers (names in lower case) and body of the next response."""
        with self._sock.makefile("rb") as file:
            status = int(file.readline().split()[1])
            headers = {}
            while line := file.readline().strip().decode():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            return status, headers, file.read(int(headers.get("content-length", 0)))

    def get(self) -> tuple[int, dict[str, str], bytes]:
        """GET /."""
        self.send(GET)
        return self.answer()

    def closed(self) -> bool:
        """Wait for the server's next byte; return whether it closed the connection instead."""
        return self._sock.recv(1) == b""


def get(address: Path | int) -> bytes:
    """GET / on a connection of its own and return the body."""
    with Client(address) as client:
        return client.get()[2]
