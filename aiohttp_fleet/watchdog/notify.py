"""Events: what was done, and why. They go to the log, and to a command and a webhook where those are configured."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import Any

from aiohttp_fleet.common.stderr_log import log_line

DEADLINE = 10.0
"""Seconds that the command gets, and the webhook."""


class Notifier:
    """Sends events; the watch never waits for that.

    Args:
        program: the workers' program.
        notify: the words of the command, empty for none.
        webhook: the URL, None for none.
    """

    def __init__(self, program: str, notify: tuple[str, ...] = (), webhook: str | None = None) -> None:
        self._program = program
        self._notify = notify
        self._webhook = webhook
        self._problems: set[str] = set()

    def notify(self, event: str, worker: str, reason: str) -> None:
        """Write a line into the log; run the command and call the webhook on a thread.

        Args:
            event: what has happened, such as ``hung``; docs/watchdog.md lists all.
            worker: supervisord's process_name, such as ``web1``.
            reason: why, as a sentence.
        """
        log_line(f"{worker}: {event}: {reason}")
        if self._notify or self._webhook:
            happened: dict[str, Any] = {"event": event, "program": self._program, "worker": worker, "reason": reason}
            happened["time"] = round(time.time(), 3)
            threading.Thread(target=self._send, args=(happened,), daemon=True).start()

    def problem(self, thing: str, reason: str, event: str = "") -> None:
        """Report a problem once, until `fine` is called for the thing.

        Args:
            thing: what it is about; for an event a worker.
            reason: what is wrong.
            event: the name of its event; empty for the log only.
        """
        if thing in self._problems:
            return
        self._problems.add(thing)
        if event:
            self.notify(event, thing, reason)
        else:
            log_line(f"{thing}: {reason}")

    def fine(self, thing: str) -> None:
        """Report that a problem is over; nothing when there was none."""
        if thing in self._problems:
            self._problems.discard(thing)
            log_line(f"{thing}: it works again")

    def _send(self, event: Mapping[str, Any]) -> None:
        text = json.dumps(event).encode()
        for option, send in (("--notify", self._run), ("--webhook", self._post)):
            try:
                send(event, text)
            except Exception as error:  # one that fails must not keep the other from being tried
                self.problem(option, f"it failed ({error})")
            else:
                self.fine(option)

    def _run(self, event: Mapping[str, Any], text: bytes) -> None:
        if self._notify:
            environ = {f"FLEET_{name.upper()}": event[name] for name in ("event", "worker", "reason")}
            subprocess.run(self._notify, input=text, env=os.environ | environ, timeout=DEADLINE, check=True)

    def _post(self, _: Mapping[str, Any], text: bytes) -> None:
        if self._webhook:
            import urllib.request  # only here: it needs memory, and few use it

            request = urllib.request.Request(self._webhook, text, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                answer.read()
