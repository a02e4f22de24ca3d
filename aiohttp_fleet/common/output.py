"""What a command says: lines for people, or one JSON report for programs."""

import json

import click

SCHEMA = 1
"""Version of the JSON reports, see docs/json.md: fields are added without a new one, never changed or removed."""


class Output:
    """The output of one command.

    Args:
        as_json: whether it is one JSON report instead of lines.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._fields: dict[str, object] = {}

    def line(self, text: str, err: bool = False, newline: bool = True) -> None:
        """Print a line for people; nothing where the output is JSON.

        Args:
            text: the line.
            err: whether it goes to stderr.
            newline: whether it is ended.
        """
        if not self.as_json:
            click.echo(text, err=err, nl=newline)

    def add(self, **fields: object) -> None:
        """Add fields to the JSON report."""
        self._fields |= fields

    def end(self, command: str, code: int) -> None:
        """Print the JSON report, where the output is one.

        Args:
            command: its name.
            code: its exit code.
        """
        if self.as_json:
            head = {"schema": SCHEMA, "command": command, "ok": code == 0, "exit_code": code}
            click.echo(json.dumps(head | self._fields, indent=2))
