"""Tests of aiohttp_fleet/cli.py and supervision/command.py: what all commands have in common."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.cli import COMMANDS
from tests.forked import run
from tests.place import PROJECT
from tests.site import Site

ALL = [*COMMANDS, "drill"]
ARGUMENTS = {"scale": ["2"], "tls": ["--check"]}
"""What a command cannot do without."""
KEYS = ["schema", "command", "ok", "exit_code", "error", "findings"]


def fleet(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``fleet`` in a directory."""
    return run("fleet", *arguments, cwd=directory)


def report(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return the JSON report, which is all that a command has printed."""
    found: dict[str, object] = json.loads(done.stdout)
    assert list(found)[: len(KEYS)] == KEYS
    assert (found["schema"], found["exit_code"], found["ok"]) == (1, done.returncode, done.returncode == 0)
    if found["error"] is not None:
        assert isinstance(found["error"], dict)
        assert list(found["error"]) == ["thing", "reason", "next_step"] and all(found["error"].values())
    return found


@pytest.mark.parametrize("name", ALL)
def test_each_command_prints_a_json_report(place: Path, name: str) -> None:
    """Here one about its failure: there is no supervisord.conf and no application."""
    done = fleet(place, name, *ARGUMENTS.get(name, []), "--json")
    found = report(done)
    assert found["command"] == name
    assert (done.returncode == 0) == (name == "help")
    if name not in ("help", "init"):
        assert isinstance(found["error"], dict)
        assert found["error"]["thing"] == "deploy/supervisord.conf"
        assert done.stderr == ""


@pytest.mark.parametrize("name", ALL)
def test_a_usage_error_is_a_json_report_too(place: Path, name: str) -> None:
    """Also one that is found before the command runs."""
    done = fleet(place, name, "--json", "--no-such-option")
    found = report(done)
    assert (done.returncode, found["command"]) == (2, name)
    assert isinstance(found["error"], dict)
    assert found["error"]["next_step"] == f"see fleet {name} --help"


def test_an_unknown_command_is_a_json_report_too(place: Path) -> None:
    """And one line on stderr without --json."""
    assert report(fleet(place, "no-such-command", "--json"))["command"] == "fleet"
    done = fleet(place, "no-such-command")
    assert (done.returncode, done.stdout, done.stderr) == (
        2, "", "fleet: No such command 'no-such-command'; see fleet --help\n",
    )  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_the_options_of_the_group_may_be_anywhere(place: Path, name: str) -> None:
    """Before the command's name and after it."""
    if name in ("help", "init"):
        pytest.skip("reads no supervisord.conf")
    arguments, options = ARGUMENTS.get(name, []), ["-c", "elsewhere.conf", "--program", "x"]
    before, after = fleet(place, *options, name, *arguments), fleet(place, name, *arguments, *options)
    assert (before.returncode, before.stderr) == (after.returncode, after.stderr)
    assert before.stderr.startswith("fleet: elsewhere.conf: there is no such file; ")


def test_the_help_has_whole_sentences() -> None:
    """One short line for each command."""
    text = fleet(PROJECT, "--help").stdout
    for name, (_, sentence) in COMMANDS.items():
        assert sentence.endswith(".") and len(sentence) <= 60
        assert f"{name:<9}{sentence}\n" in text
    assert "..." not in text.partition("Commands:")[2]


def test_a_command_is_imported_when_it_is_called() -> None:
    """``fleet status`` needs neither aiohttp nor the other commands."""
    code = "import sys; from aiohttp_fleet.cli import main\ntry: main()\nexcept SystemExit: print(*sys.modules)"
    command = [sys.executable, "-c", code, "status"]  # its supervisord may run or not
    modules = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60).stdout.split()
    assert "aiohttp_fleet.operate.status_command" in modules
    assert not {"aiohttp", "aiohttp_fleet.tls.command", "aiohttp_fleet.setup.init_command"} & set(modules)


def unread(*arguments: str) -> tuple[int, str]:
    """Run ``fleet`` with a stdout that no one reads; return its exit code and its errors."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        done = run("fleet", *arguments, stdout=stdout)
    return done.returncode, done.stderr


@pytest.mark.parametrize("arguments", [["help"], ["help", "tls"], ["help", "--json"], ["--help"]])
def test_a_reader_that_leaves_does_not_change_the_result(arguments: list[str]) -> None:
    """``fleet ... | head -1``."""
    assert unread(*arguments) == (0, "")


def test_a_restart_without_a_reader_goes_on(site: Callable[..., Site]) -> None:
    """The exit code says how it ended, as it does for status."""
    made = site().with_workers(2).start()
    before = [made.pid(f"aiohttp:web{number}") for number in (1, 2)]
    where = ["-c", str(made.supervisord_conf)]
    assert unread(*where, "status") == (0, "")
    assert unread(*where, "restart", "web1", "web2") == (0, "")
    assert not {made.pid(f"aiohttp:web{number}") for number in (1, 2)} & set(before)


@pytest.mark.parametrize("arguments", [["help"], ["help", "tls"], ["help", "--json"], ["--help"]])
def test_output_that_cannot_be_written_is_an_error(arguments: list[str]) -> None:
    """One line on stderr, not a traceback."""
    with Path("/dev/full").open("w") as full:
        done = run("fleet", *arguments, stdout=full)
    assert (done.returncode, done.stderr) == (1, "fleet: output: cannot be written (No space left on device); see df\n")
