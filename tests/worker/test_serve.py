"""Tests of aiohttp_fleet/worker/serve.py and main.py: a worker's life, on a real process."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.config.consistency import MARGIN
from aiohttp_fleet.nginx.directives import directive
from aiohttp_fleet.worker.arguments import CLEANUP
from aiohttp_fleet.worker.serving import CHECK, KEEPALIVE
from tests.http import GET, Client, get
from tests.place import PROJECT, USER, free_port
from tests.wait import until
from tests.worker_process import WORK, WorkerProcess, processes

Start = Callable[..., WorkerProcess]
LOG = "web.sock.0.log"


def test_the_path_appears_when_the_application_has_started(worker: Start, place: Path) -> None:
    """Invariant 1: while on_startup runs there is no socket; then there is one, with its mode."""
    started = worker("tests.apps.faulty:create_slow_start", "--mode=600", GATE=str(place / "go"))
    until("the worker to be in its start-up", lambda: _handles_sigterm(started))
    assert not started.path.exists()
    (place / "go").touch()
    started.ready()
    assert started.path.stat().st_mode & 0o777 == 0o600
    assert get(started.path)


def test_a_signal_during_start_up_ends_it(worker: Start, place: Path) -> None:
    """It serves nothing yet, so there is no drain."""
    started = worker("tests.apps.faulty:create_slow_start", GATE=str(place / "never"))
    until("the worker to be in its start-up", lambda: _handles_sigterm(started))
    started.signal()
    assert started.exit_code() == 0
    assert "stopped before it was ready" in started.log


def _handles_sigterm(started: WorkerProcess) -> bool:
    found = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{started.process.pid}/status").read_text())
    return found is not None and bool(int(found[1], 16) >> (signal.SIGTERM - 1) & 1)


def test_a_removed_path_is_bound_again(worker: Start) -> None:
    """Invariant 5: a cleaner of /tmp removes the path; connected clients stay connected."""
    started = worker().ready()
    with Client(started.path) as old:
        old.get()
        started.path.unlink()
        until("the path to be back", started.path.exists, 5)
        assert get(started.path)
        assert old.get()[0] == 200


def test_a_worker_whose_path_a_successor_has_drains_and_exits(worker: Start, place: Path) -> None:
    """Invariant 5: the path decides who serves; the predecessor answers its clients and leaves the path alone."""
    old = worker().ready()
    with Client(old.path) as client, socket.socket(socket.AF_UNIX) as successor:
        client.get()
        successor.bind(str(place / "successor"))
        successor.listen()
        (place / "successor").rename(old.path)
        until("the old worker to drain", lambda: "a successor has taken over" in old.log, 5)
        status, headers, _ = client.get()
        assert (status, headers["connection"]) == (200, "close")
        assert old.exit_code() == 0
        assert peer(str(old.path)).pid == os.getpid()


def test_a_second_worker_is_refused_while_the_parent_of_the_first_is_alive(worker: Start) -> None:
    """Two fleets on one path are a mistake: the second names the pid of the first, which serves on."""
    first = worker().ready()
    second = worker()
    assert second.exit_code() == 1
    assert f"{first.path}: it is served by pid {first.process.pid}, whose parent is alive;" in second.log
    assert "Traceback" not in second.log
    assert get(first.path)


@pytest.fixture
def orphan(place: Path) -> Iterator[int]:
    """Start a worker, kill its parent, which reads its output, and return the worker's pid."""
    path = place / "web.sock"
    command = [sys.executable, "-m", "aiohttp_fleet.worker", WORK, f"--path={path}", f"--user={USER}"]
    program = f"import subprocess, time; subprocess.Popen({command!r}); time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    until("the worker to serve", path.exists)
    pid = peer(str(path)).pid
    assert parent.stdout is not None
    parent.stdout.close()  # supervisord's end of the pipe is closed with it
    parent.kill()
    parent.wait(10)
    yield pid
    if pid in processes(place):
        os.kill(pid, signal.SIGKILL)
        until("the orphan to end", lambda: pid not in processes(place))


def test_an_orphan_serves_until_its_successor_does(worker: Start, orphan: int, place: Path) -> None:
    """Its output has no reader; it prints, binds a removed path again, and drains when the successor is ready."""
    path = place / "web.sock"
    with Client(path) as client:
        client.send(b"GET /print HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.answer()[0] == 200
        path.unlink()
        until("the path to be back", path.exists, 5)
        successor = worker().ready()
        until("the successor to have the path", lambda: peer(str(path)).pid == successor.process.pid)
        until("the orphan to drain", lambda: client.get()[1].get("connection") == "close")
    until("the orphan to leave", lambda: orphan not in processes(place))
    assert get(path)


def test_an_orphan_drains_at_a_signal(orphan: int, place: Path) -> None:
    """Like a worker whose output is read."""
    with Client(place / "web.sock") as client:
        client.get()
        os.kill(orphan, signal.SIGTERM)
        until("the path to be removed", lambda: not (place / "web.sock").exists(), 5)
        assert client.get()[1]["connection"] == "close"
    until("the orphan to leave", lambda: orphan not in processes(place))


def test_one_process_serves_several_sockets(worker: Start, place: Path) -> None:
    """--path may be repeated, and combined with --port."""
    port = free_port()
    started = worker(WORK, f"--path={place}/second.sock", f"--port={port}").ready()
    with socket.create_connection(("127.0.0.1", port), 5) as tcp:
        tcp.sendall(GET)
        over_tcp = tcp.recv(65536).partition(b"\r\n\r\n")[2]
    assert get(started.path) == get(place / "second.sock") == over_tcp


def test_the_application_lives_as_under_run_app(worker: Start, place: Path) -> None:
    """The same start-up, clean-up contexts, shutdown and background tasks in the same order."""
    started = worker("tests.apps.faulty:traced").ready()
    started.signal()
    assert started.exit_code() == 0
    path = place / "run_app.sock"
    program = f"from aiohttp import web; from tests.apps import faulty; web.run_app(faulty.traced(), path='{path}')"
    with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as plain:
        until("run_app to serve", path.exists)
        plain.terminate()
        assert _steps(started.log) == _steps(plain.communicate(timeout=10)[0])


@pytest.mark.parametrize("order", ["exit, exit", "exit, SIGTERM", "SIGTERM, exit"])
def test_graceful_exit_drains(worker: Start, order: str) -> None:
    """An application may raise web.GracefulExit, before or after a signal; requests are finished."""
    started = worker("tests.apps.faulty:create_exiting").ready()
    with Client(started.path) as first, Client(started.path) as second, Client(started.path) as other:
        other.send(b"GET /slow?seconds=2 HTTP/1.1\r\nHost: test\r\n\r\n")
        until("the request to arrive", lambda: "slow begins" in started.log)
        for act, client in zip(order.split(", "), (first, second), strict=True):
            if act == "exit":
                client.send(b"GET /exit HTTP/1.1\r\nHost: test\r\n\r\n")
                assert client.closed()
            else:
                started.signal()
                until("the drain to begin", lambda: not started.path.exists())
        assert other.answer()[2] == b"slept 2"
    assert started.exit_code() == 0
    assert _steps(started.log)[-1] == "background task ends"


def test_a_cancelled_clean_up_is_logged(worker: Start) -> None:
    """An on_cleanup that cancels a task and awaits it raises CancelledError; that is not a stop before ready."""
    started = worker("tests.apps.faulty:create_cancelling").ready()
    started.signal()
    assert started.exit_code() == 1
    assert "it failed in start-up or clean-up (RuntimeError: a clean-up handler was cancelled)" in started.log
    assert "on_cleanup begins" in started.log


def _steps(log: str) -> list[str]:
    return [line for line in log.splitlines() if line.startswith(("on_", "cleanup_ctx", "background"))]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_either_loop_serves_and_leaves_no_file(worker: Start, loop: str, place: Path) -> None:
    """Loops differ in what they do with socket files at close."""
    started = worker(WORK, f"--loop={loop}").ready()
    assert get(started.path)
    started.signal()
    assert started.exit_code() == 0
    assert [entry.name for entry in place.iterdir() if entry.suffix != ".log"] == []


@pytest.mark.parametrize(("arguments", "lines"), [((), 0), (("--access-log",), 1)])
def test_the_access_log_is_off_by_default(worker: Start, arguments: tuple[str, ...], lines: int) -> None:
    """nginx writes one already; the flag turns on aiohttp's."""
    started = worker(WORK, *arguments).ready()
    get(started.path)
    started.signal()
    assert started.exit_code() == 0
    assert started.log.count('"GET / HTTP/1.1" 200') == lines


def test_a_start_up_that_fails_ends_with_one_line_after_its_traceback(worker: Start) -> None:
    """supervisorctl tail shows the reason last."""
    started = worker("tests.apps.faulty:create_failing_start")
    assert started.exit_code() == 1
    assert "it failed in start-up or clean-up (RuntimeError: no database)" in started.log.splitlines()[-1]
    assert "faulty.py" in started.log


def test_a_taken_port_is_refused_before_the_application_runs(worker: Start) -> None:
    """The line has the port, and the command that finds its process."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = worker("tests.apps.faulty:traced", f"--port={port}")
        assert started.exit_code() == 1
    assert f"127.0.0.1:{port}: cannot listen there (Address already in use); find the process with ss" in started.log
    assert "on_startup" not in started.log


def test_the_worker_does_not_import_the_command_line() -> None:
    """To stay small: no click, no tabulate, no supervisor."""
    program = "import sys, aiohttp_fleet.worker.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert not {"click", "tabulate", "supervisor", "xmlrpc"} & set(done.stdout.split())


def test_the_backlog_holds_more_than_aiohttps_default(worker: Start) -> None:
    """300 clients may connect while the worker is stopped; aiohttp's 128 would refuse the rest at once."""
    started = worker().ready()
    started.signal(signal.SIGSTOP)
    clients = []
    for _ in range(300):
        client = socket.socket(socket.AF_UNIX)
        clients.append(client)
        client.setblocking(False)
        client.connect(str(started.path))  # BlockingIOError when the backlog is full
    started.signal(signal.SIGCONT)
    for client in clients:
        client.close()
    assert get(started.path)


def test_the_workers_numbers_fit_the_two_files() -> None:
    """Its keep-alive time is above nginx's, cut handlers end before SIGKILL, a removed path is back in a second."""
    written = directive("keepalive_timeout", (PROJECT / "deploy" / "nginx.conf").read_text())
    assert written is not None
    kept = float(written.removesuffix("s"))
    assert 60 * kept <= KEEPALIVE
    assert 2 * CLEANUP < MARGIN
    assert CHECK < 1


def test_a_missing_directory_is_logged_once(worker: Start, place: Path) -> None:
    """Connected clients are served; when the directory is back, so is the path."""
    (place / "run").mkdir()
    (place / "run").chmod(0o777)
    started = worker(WORK, path=place / "run" / "web.sock").ready()
    with Client(started.path) as client:
        started.path.unlink()
        (place / "run").rename(place / "away")
        until("the error in the log", lambda: "there is no such directory" in (place / "away" / LOG).read_text())
        assert client.get()[0] == 200
        (place / "away").rename(place / "run")
        until("the path to be back", started.path.exists, 5)
    assert started.log.count("trying again") == 1
    assert get(started.path)
