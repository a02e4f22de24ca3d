"""Tests of aiohttp_fleet/watchdog/notify.py, with real commands and a real web server."""

import json
import socket
import threading
from pathlib import Path

import pytest

from aiohttp_fleet.watchdog import notify
from aiohttp_fleet.watchdog.notify import Notifier
from tests.wait import until


def test_the_command_gets_the_event_in_its_environment_and_on_its_stdin(place: Path) -> None:
    """A script of one line can use the first, a program the second."""
    got = place / "got"
    script = f'cat > {got}.json; echo "$FLEET_EVENT $FLEET_WORKER $FLEET_REASON" > {got}'
    Notifier("aiohttp", ("sh", "-c", script)).notify("hung", "web2", "no answer")
    assert until("the command to run", lambda: got.exists() and got.read_text()) == "hung web2 no answer\n"
    event = json.loads(Path(f"{got}.json").read_text())
    assert event.pop("time") > 1e9
    assert event == {"event": "hung", "program": "aiohttp", "worker": "web2", "reason": "no answer"}


def test_the_webhook_gets_the_event_as_json() -> None:
    """A POST, with its content type."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        Notifier("aiohttp", webhook=f"http://127.0.0.1:{server.getsockname()[1]}/hook").notify(
            "hung", "web2", "no answer"
        )
        client, _ = server.accept()
        with client, client.makefile("rb") as request:
            assert request.readline() == b"POST /hook HTTP/1.1\r\n"
            headers = dict(line.decode().lower().strip().split(": ") for line in iter(request.readline, b"\r\n"))
            assert headers["content-type"] == "application/json"
            assert json.loads(request.read(int(headers["content-length"])))["worker"] == "web2"
            client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize(
    ("command", "deadline", "line"),
    [
        (("sleep", "60"), 0.2, "timed out"),
        (("false",), 20, "exit status 1"),
        (("/no/such/command",), 20, "No such file"),
    ],
)
def test_a_command_that_fails_or_hangs_is_reported_once(
    command: tuple[str, ...],
    deadline: float,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The next event is sent all the same."""
    monkeypatch.setattr(notify, "DEADLINE", deadline)
    notifier = Notifier("aiohttp", command)
    for worker in ("web2", "web3"):
        notifier.notify("hung", worker, "no answer")
        until("the thread to end", lambda: threading.active_count() == 1)
    said = capfd.readouterr().err
    assert "web3: hung: no answer" in said
    assert line in said
    assert said.count("--notify: it failed") == 1


def test_a_webhook_that_no_one_answers_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    """One line, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    notifier = Notifier("aiohttp", webhook=f"http://127.0.0.1:{port}/")
    notifier.notify("hung", "web2", "no answer")
    until("the thread to end", lambda: threading.active_count() == 1)
    assert "--webhook: it failed (<urlopen error [Errno 111] Connection refused>)" in capfd.readouterr().err


def test_a_problem_is_reported_once_until_it_is_over(capfd: pytest.CaptureFixture[str]) -> None:
    """Twice a second would fill the log."""
    notifier = Notifier("aiohttp")
    for _ in range(3):
        notifier.problem("supervisord", "it does not answer")
    for _ in range(3):
        notifier.fine("supervisord")
    notifier.problem("supervisord", "it does not answer")
    lines = [line.partition(": ")[2] for line in capfd.readouterr().err.splitlines()]
    assert lines == [
        "supervisord: it does not answer",
        "supervisord: it works again",
        "supervisord: it does not answer",
    ]
