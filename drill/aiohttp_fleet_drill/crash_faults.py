"""Crash faults: workers killed, blocked, stopped and leaking; supervisord killed; sockets deleted; disks full."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.common.processes import is_running
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet_drill.client import burst
from aiohttp_fleet_drill.private_copy import PrivateCopy, edit
from aiohttp_fleet_drill.requests import Request
from aiohttp_fleet_drill.tally import Tally
from aiohttp_fleet_drill.target import BIN, Target

KILLS = 5
APART = 2.0
"""Seconds from one kill to the next."""
REPLACED = 6.0
"""Seconds until a hung worker is replaced: 5 until it is found, the rest to kill and start it."""
BACK = 1.0
"""Seconds until a deleted socket is back."""
CLIENTS = 10_000


def kill_worker(target: Target) -> None:
    """Kill -9 one worker after the other, every two seconds."""
    workers = target.described.workers
    for number in range(KILLS):
        pause = target.elapsed(APART)
        os.kill(target.running(workers[number % len(workers)].namespec), signal.SIGKILL)
        target.until("the next kill", pause)


def kill_template(target: PrivateCopy) -> None:
    """Kill -9 the workers' template, then restart all workers."""
    _without_template(target, signal.SIGKILL)


def stop_template(target: PrivateCopy) -> None:
    """Stop the workers' template with SIGSTOP, then restart all workers."""
    _without_template(target, signal.SIGSTOP)


def _without_template(target: PrivateCopy, signum: signal.Signals) -> None:
    for pid in target.templates():
        os.kill(pid, signum)
    target.ctl("restart", f"{target.program}:*")
    target.until("all to be ready", target.is_ready)


def block(target: PrivateCopy) -> None:
    """Block a worker's event loop for a minute."""
    _replaced(target, lambda: _get(target, "/block?seconds=60"))


def stop(target: Target) -> None:
    """Stop a worker with SIGSTOP."""
    _replaced(target, lambda: os.kill(target.running(target.described.workers[0].namespec), signal.SIGSTOP))


def leak(target: PrivateCopy) -> None:
    """Let a worker leak 10 MB a second, until the watchdog recycles it."""
    _replaced(target, lambda: _get(target, "/leak"), 60)


def kill_supervisord(target: PrivateCopy) -> None:
    """Kill -9 supervisord, then start it again."""
    orphans = {pid for name, pid in target.pids().items() if name.startswith(f"{target.program}:")}
    target.supervisord.kill()
    target.supervisord.wait(10)
    target.launch()
    target.until("the new workers", target.is_ready)
    target.until("the orphans to leave", lambda: not any(map(is_running, orphans)))


def shutdown(target: PrivateCopy) -> None:
    """Shut supervisord down with supervisorctl, then start it."""
    target.ctl("shutdown")
    target.supervisord.wait(90)
    target.launch()


def unlink(target: Target) -> None:
    """Delete all sockets."""
    sockets = [Path(worker.socket) for worker in target.described.served]
    for path in sockets:
        path.unlink()
    target.until("the sockets to be back", lambda: all(path.exists() for path in sockets), BACK)


def second(target: PrivateCopy) -> None:
    """Start a second supervisord on the same paths."""
    deploy = target.supervisord_conf.parent
    conf, run = deploy / "second.conf", deploy / "second"
    run.mkdir()
    shutil.copy(target.supervisord_conf, conf)
    edit(conf, {r"%\(here\)s/run/": "%(here)s/second/", r'"%\(here\)s/supervisord\.conf"': '"%(here)s/second.conf"'})
    null = subprocess.DEVNULL
    rival = subprocess.Popen(
        [BIN / "supervisord", "-n", "-c", conf], stdin=null, stdout=null, stderr=null, process_group=0
    )
    try:
        logs = [run / f"{worker.name}.log" for worker in target.described.served]
        target.until("every worker to be refused", lambda: all("it is served by pid" in _text(log) for log in logs))
        target.until("nginx to be refused", lambda: "it runs already as pid" in _text(run / "nginx.log"))
    finally:
        rival.terminate()
        rival.wait(60)


def burst_of_clients(target: PrivateCopy) -> Tally:
    """Let 10,000 clients at once request what takes half a second."""
    raise_file_limit()
    return asyncio.run(burst(target.port, CLIENTS, Request("GET", "/slow?seconds=0.5", sleeps=0.5)))


def log_full(target: PrivateCopy) -> None:
    """Fill the disk that the logs are on; print; restart all workers."""
    filler = target.supervisord_conf.parent / "run" / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    try:
        for _ in range(200):
            _get(target, "/print")
        target.ctl("restart", f"{target.program}:*")
        target.until("all to be ready", target.is_ready)
    finally:
        filler.unlink()


def _replaced(target: Target, cause: Callable[[], None], seconds: float = REPLACED) -> None:
    """Cause a fault in the first worker, and wait until it is replaced."""
    worker = target.described.workers[0]
    before = target.running(worker.namespec)
    cause()

    def is_replaced() -> bool:
        pid = target.rpc.process(worker.namespec)["pid"]
        return pid not in (0, before)

    target.until(f"a new {worker.name}", is_replaced, seconds)


def _get(target: Target, path: str) -> None:
    connection = UnixConnection(target.described.workers[0].socket, 5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    finally:
        connection.close()


def _text(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
