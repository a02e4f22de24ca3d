"""What breaks: workers killed, blocked, stopped and leaking; supervisord killed; sockets deleted; disks full."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from aiohttp_fleet.common.limits import raise_file_limit
from aiohttp_fleet.common.unix_http import UnixConnection
from aiohttp_fleet_drill.client import burst
from aiohttp_fleet_drill.private_copy import PrivateCopy, edit
from aiohttp_fleet_drill.requests import Request
from aiohttp_fleet_drill.tally import Tally
from aiohttp_fleet_drill.target import BIN, Target, each_is_gone

KILLS = 5
EVERY = 2.0
"""Seconds from one kill to the next."""
FOUND = 6.0
"""Seconds until a hung worker has a successor: found within 5, ended and started in the rest."""
BACK = 1.0
"""Seconds until a deleted socket is back."""
CLIENTS = 10_000


def kill_worker(ground: Target) -> None:
    """Kill -9 one worker after the other, every two seconds."""
    workers = ground.described.workers
    for number in range(KILLS):
        pause = ground.elapsed(EVERY)
        os.kill(ground.running(workers[number % len(workers)].namespec), signal.SIGKILL)
        ground.until("the next kill", pause)


def block(ground: PrivateCopy) -> None:
    """Block a worker's event loop for a minute."""
    _replaced(ground, lambda: _get(ground, "/block?seconds=60"))


def stop(ground: Target) -> None:
    """Stop a worker with SIGSTOP."""
    _replaced(ground, lambda: os.kill(ground.running(ground.described.workers[0].namespec), signal.SIGSTOP))


def leak(ground: PrivateCopy) -> None:
    """Let a worker leak 10 MB a second, until the watchdog recycles it."""
    _replaced(ground, lambda: _get(ground, "/leak"), 60)


def kill_supervisord(ground: PrivateCopy) -> None:
    """Kill -9 supervisord, then start it again."""
    orphans = {pid for name, pid in ground.pids().items() if name.startswith(f"{ground.program}:")}
    ground.supervisord.kill()
    ground.supervisord.wait(10)
    ground.launch()
    ground.until("the successors", ground.is_ready)
    ground.until("the orphans to leave", lambda: each_is_gone(orphans))


def shutdown(ground: PrivateCopy) -> None:
    """Shut supervisord down with supervisorctl, then start it."""
    ground.ctl("shutdown")
    ground.supervisord.wait(90)
    ground.launch()


def unlink(ground: Target) -> None:
    """Delete all sockets."""
    sockets = [Path(worker.socket) for worker in ground.described.served]
    for path in sockets:
        path.unlink()
    ground.until("the sockets to be back", lambda: all(path.exists() for path in sockets), BACK)


def second(ground: PrivateCopy) -> None:
    """Start a second supervisord on the same paths."""
    deploy = ground.supervisord_conf.parent
    conf, run = deploy / "second.conf", deploy / "second"
    run.mkdir()
    shutil.copy(ground.supervisord_conf, conf)
    edit(conf, {r"%\(here\)s/run/": "%(here)s/second/", r'"%\(here\)s/supervisord\.conf"': '"%(here)s/second.conf"'})
    null = subprocess.DEVNULL
    rival = subprocess.Popen(
        [BIN / "supervisord", "-n", "-c", conf], stdin=null, stdout=null, stderr=null, process_group=0
    )
    try:
        logs = [run / f"{worker.name}.log" for worker in ground.described.served]
        ground.until("every worker to be refused", lambda: all("it is served by pid" in _text(log) for log in logs))
        ground.until("nginx to be refused", lambda: "it runs already as pid" in _text(run / "nginx.log"))
    finally:
        rival.terminate()
        rival.wait(60)


def crowd(ground: PrivateCopy) -> Tally:
    """Let 10,000 clients ask at once for something that takes half a second."""
    raise_file_limit()
    return asyncio.run(burst(ground.port, CLIENTS, Request("GET", "/slow?seconds=0.5", sleeps=0.5)))


def log_full(ground: PrivateCopy) -> None:
    """Fill the disk that the logs are on; print; restart all workers."""
    filler = ground.supervisord_conf.parent / "run" / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    try:
        for _ in range(200):
            _get(ground, "/print")
        ground.ctl("restart", f"{ground.program}:*")
        ground.until("all to be ready", ground.is_ready)
    finally:
        filler.unlink()


def _replaced(ground: Target, blow: Callable[[], None], seconds: float = FOUND) -> None:
    """Strike the first worker, and wait until it has a successor."""
    worker = ground.described.workers[0]
    before = ground.running(worker.namespec)
    blow()

    def is_replaced() -> bool:
        pid = ground.rpc.process(worker.namespec)["pid"]
        return pid not in (0, before)

    ground.until(f"a new {worker.name}", is_replaced, seconds)


def _get(ground: Target, path: str) -> None:
    connection = UnixConnection(ground.described.workers[0].socket, 5)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    finally:
        connection.close()


def _text(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
