"""Tells what was done, and why: to the log, and to a command and a webhook where the operator has named one."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from aiohttp_fleet.common.stderr_log import log_line

DEADLINE = 10.0
"""Seconds that the command gets, and the webhook."""


@dataclass(frozen=True)
class Event:
    """One thing that has happened; the JSON has these names.

    Attributes:
        event: what, such as ``hung``; docs/watchdog.md has them all.
        program: the workers' program.
        worker: supervisord's process_name, such as ``web1``.
        reason: why, in words.
        time: seconds since the epoch.
    """

    event: str
    program: str
    worker: str
    reason: str
    time: float


class Notifier:
    """Tells, without ever keeping the watch waiting.

    Args:
        program: the workers' program.
        notify: the words of the command, none for none.
        webhook: the URL, None for none.
    """

    def __init__(self, program: str, notify: tuple[str, ...] = (), webhook: str | None = None) -> None:
        self._program = program
        self._notify = notify
        self._webhook = webhook
        self._troubles: set[str] = set()

    def tell(self, event: str, worker: str, reason: str) -> None:
        """Write a line into the log; run the command and ask the webhook on a thread."""
        log_line(f"{worker}: {event}: {reason}")
        if self._notify or self._webhook:
            happened = Event(event, self._program, worker, reason, round(time.time(), 3))
            threading.Thread(target=self._send, args=(happened,), daemon=True).start()

    def trouble(self, thing: str, reason: str, event: str = "") -> None:
        """Tell of a trouble once, until `fine` was said of the thing.

        Args:
            thing: what it is about; for an event a worker.
            reason: what is wrong.
            event: what it is called when it is told to all; empty for the log only.
        """
        if thing in self._troubles:
            return
        self._troubles.add(thing)
        if event:
            self.tell(event, thing, reason)
        else:
            log_line(f"{thing}: {reason}")

    def fine(self, thing: str) -> None:
        """Say that a trouble is over; nothing when there was none."""
        if thing in self._troubles:
            self._troubles.discard(thing)
            log_line(f"{thing}: it works again")

    def _send(self, event: Event) -> None:
        text = json.dumps(asdict(event)).encode()
        if self._notify:
            self._attempt("--notify", lambda: _run(self._notify, event, text))
        if url := self._webhook:
            self._attempt("--webhook", lambda: _post(url, text))

    def _attempt(self, thing: str, send: Callable[[], None]) -> None:
        try:
            send()
        except Exception as error:  # whatever it is, it must not end the watch
            self.trouble(thing, f"it failed ({error})")
        else:
            self.fine(thing)


def _run(command: tuple[str, ...], event: Event, text: bytes) -> None:
    environ = {"FLEET_EVENT": event.event, "FLEET_WORKER": event.worker, "FLEET_REASON": event.reason}
    subprocess.run(command, input=text, env=os.environ | environ, timeout=DEADLINE, check=True)


def _post(url: str, text: bytes) -> None:
    import urllib.request  # only here: nobody else needs its memory

    request = urllib.request.Request(url, text, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        answer.read()
