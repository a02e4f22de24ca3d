"""Tests of aiohttp_fleet/worker/program.py and hand_over.py: programs that serve by themselves, bare and as workers."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.template.messages import LIBRARIES, NOTHING, WHOLE
from tests.http import Client
from tests.place import ROOT, USER, free_port
from tests.template.started_template import StartedTemplate
from tests.wait import until
from tests.worker.programs import ANSWERS, FOR_EVER, HEAD, PROGRAMS, RUNNER, TCP, Program
from tests.worker_process import WorkerProcess

Start = Callable[..., WorkerProcess]
GET = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nping"
SLOW = GET % b"/?wait=0.5"


def write(program: Program, place: Path) -> None:
    """Write its files."""
    place.chmod(0o777)
    files = {"answers.py": ANSWERS, "web.py": HEAD + program.text} | program.files
    for name, text in files.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)


def words(program: Program, port: int) -> list[str]:
    """Return what stands behind ``python``."""
    return [word.replace("@PORT@", str(port)) for word in program.words]


@contextmanager
def bare(program: Program, place: Path, port: int) -> Iterator[None]:
    """Start it as its owner does."""
    environ, user = os.environ | {"PORT": str(port)}, USER if ROOT else None
    with subprocess.Popen([sys.executable, *words(program, port)], cwd=place, env=environ, user=user) as started:
        try:
            until(f"an answer on port {port}", lambda: _listens(port, started))
            yield
        finally:
            started.kill()


def _listens(port: int, started: subprocess.Popen[bytes]) -> bool:
    assert started.poll() is None, f"it has ended with {started.returncode}"
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def answers(address: Path | int) -> list[Any]:
    """Return what it answers to a client."""
    found = []
    with Client(address) as client:
        for request in (GET % b"/", POST, GET % b"/missing"):
            client.send(request)
            status, headers, body = client.answer()
            found.append((status, headers.get("content-type"), json.loads(body) if status == 200 else body))
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_answers_as_a_worker_what_it_answers_bare(name: str, worker: Start, place: Path) -> None:
    """``sys.argv``, ``sys.path``, ``__main__``, the loop, its start-up; at a stop what is in flight is answered."""
    program, port = PROGRAMS[name], free_port()
    write(program, place)
    with bare(program, place, port):
        expected = answers(port)
        (place / "cleaned").unlink(missing_ok=True)
        started = worker(program=words(program, port), cwd=place, PORT=str(port)).ready()  # which opens no port
        assert answers(started.path) == expected
    assert in_flight(started.path, started.signal) == 200
    assert started.exit_code() == int("a cancellation" in name), started.log  # asyncio.run raises it
    assert "drained in" in started.log
    assert (place / "cleaned").exists()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_answers_as_a_fork_what_it_answers_bare(name: str, place: Path) -> None:
    """Forked at ``web.run_app``, or with the libraries only."""
    program, port = PROGRAMS[name], free_port()
    write(program, place)
    with bare(program, place, port):
        expected = answers(port)
        (place / "cleaned").unlink(missing_ok=True)
        with template(program, place, port) as found:
            pid, output = found.fork_worker("forked.sock")
            until("the worker to be ready", lambda: "ready on" in output.read_text() or not is_running(pid))
            assert answers(place / "forked.sock") == expected, output.read_text()
    assert in_flight(place / "forked.sock", lambda: os.kill(pid, signal.SIGTERM)) == 200
    until("its end", lambda: not is_running(pid))
    assert "drained in" in output.read_text()
    assert (place / "cleaned").exists()


def test_a_fork_that_cannot_listen_says_so_in_one_line(place: Path) -> None:
    """The template shares the program all the same."""
    program = PROGRAMS["run_app at module level"]
    write(program, place)
    with template(program, place, free_port()) as found:
        pid, output = found.fork_worker("missing/web.sock")
        until("its end", lambda: not is_running(pid))
    assert "there is no such directory for the socket" in output.read_text()
    assert output.read_text().count("\n") == 1


def test_a_program_that_is_stopped_in_its_start_up_was_not_ready(place: Path, worker: Start) -> None:
    """As with MODULE:NAME."""
    text = "app = application()\nasync def slow(app):\n    print('slow', flush=True)\n    await asyncio.sleep(99)\n"
    write(Program(f"{text}app.on_startup.append(slow)\nweb.run_app(app)\n"), place)
    started = worker(program=["web.py"], cwd=place)
    until("its start-up", lambda: "slow" in started.log)
    started.signal()
    assert started.exit_code() == 0
    assert "stopped before it was ready" in started.log


@contextmanager
def template(program: Program, place: Path, port: int) -> Iterator[StartedTemplate]:
    """Start its template, and the one with the libraries where that is to share nothing."""
    with ExitStack() as stack:
        libraries = None
        for shares in (WHOLE,) if program.is_shared else (NOTHING, LIBRARIES):
            found = StartedTemplate(place, f"--user={USER}", program=words(program, port))
            stack.callback(found.stop)
            report = found.start(libraries=libraries, PORT=str(port))
            assert (report.shares, report.problem) == (shares, ""), f"{report}\n{found.log.read_text()}"
            libraries = report.libraries
        yield found


def in_flight(path: Path, stop: Callable[[], None]) -> int:
    """Return the status of a request that is in flight when the worker is stopped."""
    with Client(path) as slow:
        slow.send(SLOW)
        until("it to be in flight", lambda: b'"in_flight": 1' in _health(path))
        stop()
        return slow.answer()[0]


def _health(path: Path) -> bytes:
    with Client(path.with_suffix(".ctl")) as client:
        client.send(GET % b"/")
        return client.answer()[2]


def preflight(place: Path, text: str, *program: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Run the preflight of a program, web.py by default."""
    write(Program(text, files=files), place)
    worker = [sys.executable, "-m", "aiohttp_fleet.worker", f"--path={place}/web.sock", f"--user={USER}", "--preflight"]
    command = [*worker, *(program or ("web.py",))]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("name", ["run_app at module level", "AppRunner, ended by a signal"])
def test_a_preflight_ends_at_the_hand_over(name: str, place: Path) -> None:
    """No port is opened, no on_startup is run, no socket is bound; nothing waits."""
    done = preflight(place, PROGRAMS[name].text + "open('after', 'w')\n")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert "web.py can be imported and built" in done.stderr
    assert not {"web.sock", "web.ctl", "after", "cleaned"} & {file.name for file in place.iterdir()}


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("print('done')\n", (), "web.py: it has ended with exit code 0 and served nothing; serve with web.run_app"),
        ("sys.exit('no database')\n", (), "web.py: it has ended with exit code 1 and served nothing"),
        ("1 / 0\n", (), "web.py: it has failed (ZeroDivisionError: division by zero); the traceback is above"),
        ("web.run_app(None)\n", (), "web.py: it has failed (TypeError: The first argument should be web.Application"),
        ("", ("gone.py",), "gone.py: it cannot be read (No such file or directory); check the spelling"),
        ("", ("-m", "gone.shop"), "-m gone.shop: there is no module gone.shop in "),
        ("", ("-m",), "-m: it names no module"),
        (
            "async def main():\n    await asyncio.start_server(print, '127.0.0.1', 0)\n    await asyncio.sleep(99)\n"
            "asyncio.run(main())\n",
            (),
            "/web.py, line 5, opens port 0, and nothing is served by aiohttp.web in 5 s",
        ),
    ],
)  # fmt: skip
def test_a_program_that_serves_nothing_is_named_with_the_reason(
    place: Path, text: str, words: tuple[str, ...], reason: str
) -> None:
    """In the last line of a preflight; what a program prints comes first."""
    done = preflight(place, text, *words)
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[-1]


def test_a_second_application_is_refused(place: Path, worker: Start) -> None:
    """A worker serves one."""
    second = "runner = web.AppRunner(application())\n    await runner.setup()\n    "
    write(Program(RUNNER.format(site=TCP, wait=second + FOR_EVER, handle=False).replace("try:\n    ", "if True:\n    ")
                  .replace("finally:", "if True:")), place)  # fmt: skip
    started = worker(program=["web.py"], cwd=place)
    assert started.exit_code() == 1
    assert "/web.py, line 12, serves a second application, a worker serves one; run it as a program" in started.log


def test_an_application_that_is_served_in_a_thread_is_served(place: Path, worker: Start) -> None:
    """Only the main thread can have signal handlers, so the log says that nothing is drained."""
    text = (
        "import threading\ndef serve():\n    web.run_app(application(), port=PORT, handle_signals=False)\n"
        "thread = threading.Thread(target=serve)\nthread.start()\nthread.join()\n"
    )
    write(Program(text), place)
    started = worker(program=["web.py"], cwd=place).ready()
    assert answers(started.path)[0][0] == 200
    until("the line", lambda: "signals are left to the program, which ends without a drain" in started.log)
    started.signal()
    assert started.exit_code() == -signal.SIGTERM


def test_settings_that_are_not_used_are_named(place: Path, worker: Start) -> None:
    """With the reason; those that have their default are not."""
    write(PROGRAMS["settings of run_app"], place)
    log = worker(program=["web.py"], cwd=place, PORT="8080").ready().log
    assert "shutdown_timeout=5 is not used: --drain says how long requests may take" in log
    assert "keepalive_timeout=10 is not used: nginx closes idle connections" in log
    write(PROGRAMS["run_app at module level"], place)
    assert "is not used" not in worker(program=["web.py"], cwd=place, path=place / "other.sock").ready().log
