"""What a command prints: lines for people, or one JSON report for programs."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TextIO

import click

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.findings import Finding, Level
from aiohttp_fleet.common.stderr_log import discard

SCHEMA = 1
"""Version of the JSON reports (docs/json.md): within a version fields are added, never changed or removed."""


class Output:
    """The output of one command.

    Args:
        as_json: whether it is one JSON report instead of lines.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._fields: dict[str, object] = {}
        self._findings: list[Finding] = []

    def line(self, text: str, err: bool = False, newline: bool = True) -> None:
        """Print a line for people; nothing if the output is JSON.

        Args:
            text: the line.
            err: whether it goes to stderr.
            newline: whether to end it with a newline.
        """
        if not self.as_json:
            click.echo(text, err=err, nl=newline)

    def add(self, **fields: object) -> None:
        """Add fields to the JSON report."""
        self._fields |= fields

    def add_findings(self, findings: Iterable[Finding]) -> None:
        """Add findings to the JSON report; print warnings to stderr if the output is lines."""
        for finding in findings:
            self._findings.append(finding)
            if finding.level is Level.WARN:
                self.line(f"warning: {finding}", err=True)

    def end(self, command: str, code: int, error: FleetError | None = None) -> None:
        """Print the JSON report; nothing if the output is lines.

        Args:
            command: its name.
            code: its exit code.
            error: what made it fail.
        """
        if not self.as_json:
            return
        what = error and {"thing": error.thing, "reason": error.reason, "next_step": error.next_step}
        head = {"schema": SCHEMA, "command": command, "ok": code == 0, "exit_code": code, "error": what}
        findings = [asdict(finding) for finding in self._findings]
        click.echo(json.dumps(head | {"findings": findings} | self._fields, indent=2))


class TolerantStream:
    """A text stream that discards what is written after its reader has left, as in ``fleet status | head -1``.

    What a command does, and its exit code, do not depend on who reads its output.

    Args:
        stream: stdout or stderr.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text; return the number of its characters."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            discard(self._stream.fileno())
            return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            discard(self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
