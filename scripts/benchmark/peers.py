"""The peers: each is started in a private directory, and stopped at the end."""

import contextlib
import functools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet_drill.private_copy import PrivateCopy, edit
from aiohttp_fleet_drill.sandbox import free_port, sandbox

from aiohttp_fleet.nginx.binary import running_nginx
from aiohttp_fleet.nginx.generated import refresh_generated
from scripts.benchmark.processes import with_children
from scripts.benchmark.workloads import HELLO, answered

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
APP = "scripts.benchmark.app"
WORKER = "aiohttp.GunicornUVLoopWebWorker"
RPC = "supervisor.rpcinterface:make_main_rpcinterface"
READY = 30.0
"""Seconds until a peer must answer."""


@dataclass(frozen=True)
class Peer:
    """A peer that runs.

    Attributes:
        ports: where it listens; several without a proxy in front of its workers.
        parents: the pid of supervisord, of an arbiter, or of whatever starts the workers.
        master: the pid of its nginx, 0 when it has none.
        started: seconds from its start to its first answer.
        conf: its supervisord.conf, None when supervisord does not run it.
    """

    ports: tuple[int, ...]
    parents: tuple[int, ...]
    master: int
    started: float
    conf: Path | None = None

    @property
    def nginx(self) -> list[int]:
        """The pids of its nginx, now."""
        return with_children(self.master) if self.master else []

    @property
    def apps(self) -> list[int]:
        """The pids of everything but nginx, now."""
        nginx = self.nginx
        return [pid for parent in self.parents for pid in with_children(parent) if pid not in nginx]


@contextmanager
def fleet(workers: int, in_front: bool = False) -> Iterator[Peer]:
    """This kit: the plugin, the standby, the watchdog and nginx.

    Args:
        workers: how many.
        in_front: whether nginx answers what it can: static routes, and what kit/cache-server.conf keeps.
    """
    with _copy(workers) as copy:
        if in_front:
            edit(copy.nginx_conf, {r"# include kit/cache": "include kit/cache"})
        began = time.monotonic()
        copy.launch()
        seconds = _answers(copy.port, began)
        copy.until("the fleet to be ready", copy.is_ready)
        if in_front:
            for arguments in (("static", "--write"), ("reload",)):
                done = copy.fleet(*arguments)
                assert done.returncode == 0, done.stderr
        yield Peer((copy.port,), (copy.supervisord.pid,), copy.running("nginx"), seconds, copy.supervisord_conf)


@contextmanager
def direct(workers: int) -> Iterator[Peer]:
    """The kit's workers alone, each on a port of its own."""
    with ExitStack() as stack:
        ports, began = [free_port() for _ in range(workers)], time.monotonic()
        options = ("-m", "aiohttp_fleet.worker", f"{APP}:create_app")
        parents = [stack.enter_context(_process(sys.executable, *options, f"--port={port}")) for port in ports]
        seconds = max(_answers(port, began) for port in ports)
        yield Peer(tuple(ports), tuple(parents), 0, seconds)


@contextmanager
def _copy(workers: int) -> Iterator[PrivateCopy]:
    with sandbox() as directory:
        copy = PrivateCopy(directory, ROOT / "deploy", f"{APP}:create_app", ROOT, "nobody")
        edit(copy.supervisord_conf, {r"numprocs=\d+": f"numprocs={workers}"})
        try:
            done = copy.fleet("render", "--write")
            assert done.returncode == 0, done.stderr
            yield copy
        finally:
            copy.stop()


@contextmanager
def gunicorn_ours(workers: int) -> Iterator[Peer]:
    """Gunicorn behind our nginx settings: keep-alive to the workers, the same number of nginx workers."""
    with _copy(workers) as copy, ExitStack() as stack:
        socket = copy.place / "gunicorn.sock"
        lines = copy.nginx_conf.read_text().splitlines(keepends=True)
        first = next(number for number, line in enumerate(lines) if line.lstrip().startswith("server unix:"))
        rest = [line for line in lines[first:] if not line.lstrip().startswith("server unix:")]
        copy.nginx_conf.write_text("".join([*lines[:first], f"server unix:{socket} fail_timeout=0;\n", *rest]))
        refresh_generated(copy.nginx_conf)
        began = time.monotonic()
        arbiter = stack.enter_context(_gunicorn(workers, socket, "--keep-alive=75"))
        nginx = stack.enter_context(_nginx(copy.nginx_conf.parent, copy.nginx_conf))
        yield Peer((copy.port,), (arbiter,), nginx, _answers(copy.port, began))


@contextmanager
def gunicorn(workers: int) -> Iterator[Peer]:
    """Gunicorn behind the nginx.conf of its own documentation (https://docs.gunicorn.org/en/stable/deploy.html)."""
    headers = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"
    with sandbox() as directory, ExitStack() as stack:
        socket, port, began = directory / "gunicorn.sock", free_port(), time.monotonic()
        servers = f"server unix:{socket} fail_timeout=0;"
        text = _conf(directory, port, servers, f"{headers} proxy_set_header Host $http_host; proxy_redirect off;", 1)
        arbiter = stack.enter_context(_gunicorn(workers, socket))
        nginx = stack.enter_context(_nginx(directory, text))
        yield Peer((port,), (arbiter,), nginx, _answers(port, began))


@contextmanager
def recipe(workers: int) -> Iterator[Peer]:
    """aiohttp's documented supervisord and nginx (https://docs.aiohttp.org/en/stable/deployment.html)."""
    headers = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    with sandbox() as directory, ExitStack() as stack:
        port, began = free_port(), time.monotonic()
        conf = directory / "supervisord.conf"
        conf.write_text(
            f"[unix_http_server]\nfile={directory}/control\n[supervisorctl]\nserverurl=unix://{directory}/control\n"
            f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={RPC}\n"
            f"[supervisord]\nlogfile={directory}/log\npidfile={directory}/pid\n[program:aiohttp]\nnumprocs={workers}\n"
            "numprocs_start=1\nprocess_name=web%(process_num)s\nautostart=true\nautorestart=true\n"
            f"directory={ROOT}\numask=000\n"  # not in the recipe: without it nginx may not connect
            f"command={sys.executable} -m scripts.benchmark.recipe --path={directory}/web_%(process_num)s.sock\n"
        )
        servers = "".join(f"server unix:{directory}/web_{n}.sock fail_timeout=0; " for n in range(1, workers + 1))
        text = _conf(directory, port, servers, f"{headers} proxy_redirect off; proxy_buffering off;", "auto")
        supervisord = stack.enter_context(_process(BIN / "supervisord", "-n", "-c", conf))
        nginx = stack.enter_context(_nginx(directory, text))
        yield Peer((port,), (supervisord,), nginx, _answers(port, began), conf)


@contextmanager
def uvicorn(workers: int) -> Iterator[Peer]:
    """Uvicorn alone, with an application that has no framework."""
    port, began = free_port(), time.monotonic()
    options = ("--workers", workers, "--port", port, "--no-access-log", "--log-level", "warning")
    with _process(BIN / "uvicorn", "scripts.benchmark.asgi:app", *options) as parent:
        yield Peer((port,), (parent,), 0, _answers(port, began))


@contextmanager
def granian(workers: int) -> Iterator[Peer]:
    """Granian alone, with an application that has no framework."""
    port, began = free_port(), time.monotonic()
    options = ("--interface", "asgi", "--workers", workers, "--port", port, "--no-log")
    with _process(BIN / "granian", *options, "scripts.benchmark.asgi:app") as parent:
        yield Peer((port,), (parent,), 0, _answers(port, began))


Start = Callable[[int], contextlib.AbstractContextManager[Peer]]
PEERS: dict[str, Start] = {
    "fleet": fleet,
    "fleet-direct": direct,
    "fleet-front": functools.partial(fleet, in_front=True),
    "gunicorn-ours": gunicorn_ours,
    "gunicorn": gunicorn,
    "recipe": recipe,
    "uvicorn": uvicorn,
    "granian": granian,
}


def _conf(directory: Path, port: int, servers: str, location: str, workers: int | str) -> Path:
    conf = directory / "nginx.conf"
    temporary = " ".join(f"{name}_temp_path {directory}/{name};" for name in ("client_body", "proxy", "fastcgi"))
    conf.write_text(
        f"worker_processes {workers}; pid {directory}/nginx.pid; error_log stderr error;\n"
        "events { worker_connections 1024; accept_mutex off; }\n"
        f"http {{ access_log {directory}/access.log combined; sendfile on; {temporary}\n"
        f"uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;\n"
        f"upstream app {{ {servers} }}\n"
        f"server {{ listen 127.0.0.1:{port}; client_max_body_size 4G;\n"
        f"location / {{ {location} proxy_pass http://app; }} }} }}\n"
    )
    return conf


@contextmanager
def _nginx(prefix: Path, conf: Path) -> Iterator[int]:
    options = ("-p", f"{prefix}/", "-c", conf, "-e", "stderr", "-g", "daemon off; user nobody nogroup;")
    with _process(running_nginx(conf).path, *options) as pid:
        yield pid


@contextmanager
def _gunicorn(workers: int, socket: Path, *options: str) -> Iterator[int]:
    shared = ("-w", workers, "-k", WORKER, "-b", f"unix:{socket}", "-m", "0")  # umask 0, so that nginx may connect
    with _process(BIN / "gunicorn", f"{APP}:application", *shared, *options) as pid:
        yield pid


@contextmanager
def _process(*command: object) -> Iterator[int]:
    null = subprocess.DEVNULL
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=null, stderr=null, process_group=0)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, began: float) -> float:
    """Wait for the first right answer; return the seconds since ``began``."""
    while not answered(port, HELLO):
        assert time.monotonic() - began < READY, f"no answer on port {port} in {READY:g} s"
        time.sleep(0.01)
    return time.monotonic() - began
