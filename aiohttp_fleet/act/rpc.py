"""supervisord's RPC over its control socket (http://supervisord.org/api.html)."""

import http.client
import socket
import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from aiohttp_fleet.errors import FleetError

TIMEOUT = 10.0
"""Seconds; supervisord answers from one thread, at once unless it is stopped."""


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(TIMEOUT)
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: tuple[str, dict[str, str]] | str) -> http.client.HTTPConnection:
        connection = _Connection(self._path)
        self._connection = host, connection  # what close() closes
        return connection


class Supervisord:
    """A running supervisord.

    Args:
        control_socket: path of its ``[unix_http_server]``.
        conf: its configuration, to name in messages.
    """

    def __init__(self, control_socket: str, conf: object) -> None:
        self._socket = control_socket
        self._conf = conf

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows of each process (getAllProcessInfo), by namespec.

        Raises:
            FleetError: supervisord does not answer.
        """
        infos = self._call("getAllProcessInfo")
        return {_namespec(info): info for info in infos}

    def _call(self, method: str) -> Any:
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self._socket)) as proxy:
                return getattr(proxy.supervisor, method)()
        except (FileNotFoundError, ConnectionRefusedError):
            step = f"start it with supervisord -c {self._conf}"
            raise FleetError(self._socket, "supervisord is not running", step) from None
        except PermissionError:
            reason = "only the user who runs supervisord may ask it"
            raise FleetError(self._socket, reason, "try again with sudo") from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error, ExpatError) as error:
            reason = f"supervisord did not answer {method} ({error})"
            raise FleetError(self._socket, reason, "see its log") from None


def _namespec(info: dict[str, Any]) -> str:
    group, name = info["group"], info["name"]
    return str(name if group == name else f"{group}:{name}")
