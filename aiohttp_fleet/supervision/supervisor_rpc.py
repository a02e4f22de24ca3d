"""supervisord's RPC over its control socket (http://supervisord.org/api.html)."""

import copy
import http.client
import time
import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from supervisor.xmlrpc import SupervisorTransport

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet.common.waiting import POLL
from aiohttp_fleet.config.fleet import Fleet

TIMEOUT = 10.0
"""Seconds; supervisord has one thread, and answers at once unless it is stopped."""

UNKNOWN_METHOD, ALREADY_STARTED, NOT_RUNNING = 1, 60, 70
"""Fault codes (supervisor/xmlrpc.py, Faults)."""


class Unanswered(FleetError):
    """supervisord runs, and has not answered yet; while it restarts a worker that is no error."""


class _Transport(SupervisorTransport):  # type: ignore[misc]
    """supervisor's own transport, which knows passwords, with a deadline."""

    def __init__(self, path: str, credentials: tuple[str, str] | None) -> None:
        super().__init__(*(credentials or (None, None)), serverurl=f"unix://{path}")
        self._get_connection = lambda: UnixConnection(path, TIMEOUT)


class Supervisord:
    """A running supervisord.

    Args:
        control_socket: path of its ``[unix_http_server]``.
        conf: its configuration, to name in messages.
        credentials: user and password of the control socket, None without.

    Attributes:
        stopped: namespecs that were stopped by `stop` and have yet to be started by `start`.
    """

    def __init__(self, control_socket: str, conf: object, credentials: tuple[str, str] | None = None) -> None:
        self._socket = control_socket
        self._conf = conf
        self._credentials = credentials
        self._patience = 0.0
        self.stopped: set[str] = set()

    def patient(self, seconds: float) -> "Supervisord":
        """Return the same, whose calls are repeated for so many seconds while they are not answered."""
        same = copy.copy(self)
        same._patience = seconds
        return same

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows of each process (getAllProcessInfo), by namespec.

        Raises:
            FleetError: supervisord does not answer.
        """
        infos = self._call("supervisor.getAllProcessInfo")
        return {_namespec(info): info for info in infos}

    def process(self, namespec: str) -> dict[str, Any]:
        """Return what supervisord knows of one process (getProcessInfo).

        Raises:
            FleetError: supervisord does not answer, or knows no such process.
        """
        return dict(self._call("supervisor.getProcessInfo", namespec))

    def pid(self) -> int:
        """Return the pid of supervisord itself."""
        return int(self._call("supervisor.getPID"))

    def start(self, namespec: str) -> None:
        """Start a process, unless it runs already; return at once.

        Raises:
            FleetError: it could not be spawned.
        """
        self.stopped.discard(namespec)
        self._call("supervisor.startProcess", namespec, False, unless=ALREADY_STARTED)

    def stop(self, namespec: str) -> None:
        """Send a process its stop signal, unless it is down already; return at once.

        Raises:
            FleetError: supervisord knows no such process.
        """
        self.stopped.add(namespec)
        self._call("supervisor.stopProcess", namespec, False, unless=NOT_RUNNING)

    def signal(self, namespec: str, name: str) -> None:
        """Send a process a signal, such as ``HUP``, unless it is down.

        Raises:
            FleetError: supervisord knows no such process.
        """
        self._call("supervisor.signalProcess", namespec, name, unless=NOT_RUNNING)

    def reread(self) -> tuple[list[str], list[str], list[str]]:
        """Make supervisord read its configuration again; return the groups that are new, changed and removed.

        Nothing is changed before `add_group`, or ``supervisorctl update``. With the plugin loaded, a group of which
        only the number of processes has changed counts as new.

        Raises:
            FleetError: there is an error in the file.
        """
        ((added, changed, removed),) = self._call("supervisor.reloadConfig")
        return added, changed, removed

    def add_group(self, name: str) -> None:
        """Start a group that `reread` has found new (addProcessGroup).

        Raises:
            FleetError: there is no such group in the file, or it is there already, unchanged.
        """
        self._call("supervisor.addProcessGroup", name)

    def plugin(self) -> dict[str, Any] | None:
        """Return the state of the plugin, None if it is not loaded.

        Raises:
            FleetError: supervisord does not answer.
        """
        found = self._call("fleet.getPlugin", unless=UNKNOWN_METHOD)
        return None if found is None else dict(found)

    def template(self, program: str) -> dict[str, str] | None:
        """Return what the workers of a program share (``shares``), and why not more (``reason``).

        None before their template has imported the application, and where workers are not forked.

        Raises:
            FleetError: supervisord does not answer.
        """
        found = [each for each in (self.plugin() or {}).get("templates", ()) if each["program"] == program]
        template = max(found, key=lambda each: bool(each["reason"]), default=None)
        return template and {name: template[name] for name in ("shares", "reason")}

    def has_templates(self) -> bool:
        """Whether workers are forked from templates, which are a preflight.

        Raises:
            FleetError: supervisord does not answer.
        """
        return bool((self.plugin() or {}).get("forks"))

    def start_restart(self, namespecs: list[str], timeout: float, check: str, owner: str, is_new: bool) -> None:
        """Start a rolling restart inside supervisord; return at once.

        Args:
            namespecs: the workers, in order.
            timeout: seconds that each gets to become ready.
            check: target of a GET that each must answer with a status below 400; empty for none.
            owner: the command that starts it, for reports and refusals.
            is_new: whether they get the code that is there now; else the code that the fleet runs.

        Raises:
            FleetError: one is running, supervisord knows no such worker, or it does not answer.
        """
        self._call("fleet.startRestart", namespecs, float(timeout), check, owner, is_new)

    def restart_report(self) -> dict[str, Any] | None:
        """Return the rolling restart that runs in supervisord, or the last one; empty when there was none.

        None where supervisord cannot do it: the plugin is not loaded, or misses something of supervisor.

        Raises:
            FleetError: supervisord does not answer.
        """
        found = self._call("fleet.getRestart", unless=UNKNOWN_METHOD)
        return None if found is None else dict(found)

    def cancel_restart(self) -> None:
        """End the rolling restart as soon as no worker is stopped; nothing when none runs."""
        self._call("fleet.cancelRestart")

    def _call(self, method: str, *arguments: object, unless: int | None = None) -> Any:
        """Call a method; return None for the fault ``unless``, which means that there is nothing to do."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self.call_once(method, *arguments)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode == unless:
                    return None
                what = " ".join([method.partition(".")[2], *map(str, arguments[:1])])
                raise FleetError(what, f"supervisord refused it ({fault.faultString})", "see its log") from None
            except Unanswered:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(POLL)

    def call_once(self, method: str, *arguments: object) -> Any:
        """Call a method.

        Raises:
            xmlrpc.client.Fault: supervisord refused it.
            Unanswered: supervisord did not answer in time.
            FleetError: supervisord does not run, or refused the connection.
        """
        transport = _Transport(self._socket, self._credentials)
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as proxy:
                return getattr(proxy, method)(*arguments)
        except (FileNotFoundError, ConnectionRefusedError):
            step = f"start it with supervisord -c {self._conf}"
            raise FleetError(self._socket, "supervisord is not running", step) from None
        except PermissionError:
            reason = "only the user who runs supervisord may use it"
            raise FleetError(self._socket, reason, "retry with sudo") from None
        except xmlrpc.client.Fault:
            raise
        except xmlrpc.client.ProtocolError as error:
            step = f"give {self._conf} the username and password that it was started with, or restart it"
            raise FleetError(
                self._socket, f"supervisord refused the call ({error.errcode} {error.errmsg})", step
            ) from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error, ExpatError) as error:
            reason = f"supervisord did not answer {method.partition('.')[2]} ({error})"
            raise Unanswered(self._socket, reason, "see its log") from None


def _namespec(info: dict[str, Any]) -> str:
    group, name = info["group"], info["name"]
    return str(name if group == name else f"{group}:{name}")


def supervisord_of(fleet: Fleet) -> Supervisord:
    """Return the supervisord that runs a fleet, or should."""
    return Supervisord(fleet.control_socket, fleet.supervisord_conf, fleet.credentials)
