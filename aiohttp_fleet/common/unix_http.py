"""HTTP over a unix socket."""

import http.client
import socket


class UnixConnection(http.client.HTTPConnection):
    """An HTTPConnection to a socket path.

    Args:
        path: the path.
        seconds: how long each step may take.
    """

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        """Connect to the path.

        Raises:
            OSError: nothing listens there.
        """
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self._seconds)
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise
