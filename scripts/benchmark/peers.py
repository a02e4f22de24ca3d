"""The peers: each is started in a private directory, and stopped at the end."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp_fleet_drill.private_copy import PrivateCopy, edit
from aiohttp_fleet_drill.sandbox import free_port, sandbox

from aiohttp_fleet.nginx.generated import refresh_generated
from scripts.benchmark.processes import with_children
from scripts.benchmark.started import ROOT, answers, nginx, nginx_conf, process
from scripts.benchmark.workloads import BENCH, App

BIN = Path(sys.executable).parent
WORKER = "aiohttp.GunicornUVLoopWebWorker"
RPC = "supervisor.rpcinterface:make_main_rpcinterface"
RECIPE = "scripts.benchmark.recipe"
PM2 = ROOT / ".venv-bench" / "pm2" / "node_modules" / ".bin" / "pm2"
"""Installed where there is npm."""


@dataclass(frozen=True)
class Peer:
    """A peer that runs.

    Attributes:
        ports: where it listens; several without a proxy in front of its workers.
        parents: the pid of supervisord, of an arbiter, or of whatever starts the workers.
        master: the pid of its nginx, 0 when it has none.
        started: seconds from its start to its first answer.
        conf: its supervisord.conf, None when supervisord does not run it.
        restart: the command that restarts its workers, empty where none is known.
    """

    ports: tuple[int, ...]
    parents: tuple[int, ...]
    master: int
    started: float
    conf: Path | None = None
    restart: tuple[str, ...] = ()

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
def fleet(workers: int, app: App = BENCH, in_front: bool = False, with_plugin: bool = True) -> Iterator[Peer]:
    """This kit: the plugin, the standby, the watchdog and nginx.

    Args:
        workers: how many.
        app: the application.
        in_front: whether nginx answers what it can: static routes, and what kit/cache-server.conf keeps.
        with_plugin: False for workers that are executed, not forked.
    """
    with _copy(workers, app) as copy:
        if in_front:
            edit(copy.nginx_conf, {r"# include kit/cache": "include kit/cache"})
        if not with_plugin:
            edit(copy.supervisord_conf, {r"\[rpcinterface:fleet\]\n.*\n": ""})
        began = time.monotonic()
        copy.launch()
        seconds = answers(copy.port, app, began)
        copy.until("the fleet to be ready", copy.is_ready)
        if in_front:
            for arguments in (("static", "--write"), ("reload",)):
                done = copy.fleet(*arguments)
                assert done.returncode == 0, done.stderr
        conf = copy.supervisord_conf
        restart = (str(BIN / "fleet"), "--config", str(conf), "restart")
        yield Peer((copy.port,), (copy.supervisord.pid,), copy.running("nginx"), seconds, conf, restart)


@contextmanager
def direct(workers: int) -> Iterator[Peer]:
    """The kit's workers alone, each on a port of its own."""
    with ExitStack() as stack:
        ports, began = [free_port() for _ in range(workers)], time.monotonic()
        options = ("-m", "aiohttp_fleet.worker", f"{BENCH.module}:create_app")
        parents = [stack.enter_context(process(sys.executable, *options, f"--port={port}")) for port in ports]
        seconds = max(answers(port, BENCH, began) for port in ports)
        yield Peer(tuple(ports), tuple(parents), 0, seconds)


@contextmanager
def _copy(workers: int, app: App) -> Iterator[PrivateCopy]:
    with sandbox() as directory:
        copy = PrivateCopy(directory, ROOT / "deploy", f"{app.module}:create_app", ROOT, "nobody")
        edit(copy.supervisord_conf, {r"numprocs=\d+": f"numprocs={workers}"})
        try:
            done = copy.fleet("render", "--write")
            assert done.returncode == 0, done.stderr
            yield copy
        finally:
            copy.stop()


@contextmanager
def gunicorn_ours(workers: int, app: App = BENCH, *options: str) -> Iterator[Peer]:
    """Gunicorn behind our nginx settings: keep-alive to the workers, the same number of nginx workers.

    Args:
        workers: how many.
        app: the application.
        options: more options of gunicorn.
    """
    with _copy(workers, app) as copy, ExitStack() as stack:
        socket = copy.place / "gunicorn.sock"
        lines = copy.nginx_conf.read_text().splitlines(keepends=True)
        first = next(number for number, line in enumerate(lines) if line.lstrip().startswith("server unix:"))
        rest = [line for line in lines[first:] if not line.lstrip().startswith("server unix:")]
        copy.nginx_conf.write_text("".join([*lines[:first], f"server unix:{socket} fail_timeout=0;\n", *rest]))
        refresh_generated(copy.nginx_conf)
        began = time.monotonic()
        arbiter = stack.enter_context(_gunicorn(workers, app, socket, "--keep-alive=75", *options))
        master = stack.enter_context(nginx(copy.nginx_conf.parent, copy.nginx_conf))
        seconds = answers(copy.port, app, began)
        yield Peer((copy.port,), (arbiter,), master, seconds, None, ("kill", "-HUP", str(arbiter)))


@contextmanager
def gunicorn(workers: int) -> Iterator[Peer]:
    """Gunicorn behind the nginx.conf of its own documentation (https://docs.gunicorn.org/en/stable/deploy.html)."""
    headers = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"
    with sandbox() as directory, ExitStack() as stack:
        socket, port, began = directory / "gunicorn.sock", free_port(), time.monotonic()
        servers = f"server unix:{socket} fail_timeout=0;"
        text = nginx_conf(
            directory, port, servers, f"{headers} proxy_set_header Host $http_host; proxy_redirect off;", 1
        )
        arbiter = stack.enter_context(_gunicorn(workers, BENCH, socket))
        master = stack.enter_context(nginx(directory, text))
        yield Peer((port,), (arbiter,), master, answers(port, BENCH, began))


@contextmanager
def recipe(workers: int, app: App = BENCH) -> Iterator[Peer]:
    """aiohttp's documented supervisord and nginx (https://docs.aiohttp.org/en/stable/deployment.html)."""
    with sandbox() as directory, ExitStack() as stack:
        port, began = free_port(), time.monotonic()
        conf = directory / "supervisord.conf"
        conf.write_text(
            f"[unix_http_server]\nfile={directory}/control\n[supervisorctl]\nserverurl=unix://{directory}/control\n"
            f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={RPC}\n"
            f"[supervisord]\nlogfile={directory}/log\npidfile={directory}/pid\n[program:aiohttp]\nnumprocs={workers}\n"
            "numprocs_start=1\nprocess_name=web%(process_num)s\nautostart=true\nautorestart=true\n"
            f"directory={ROOT}\numask=000\n"  # not in the recipe: without it nginx may not connect
            f"command={sys.executable} -m {RECIPE} {app.module} --path={directory}/web_%(process_num)s.sock\n"
        )
        servers = [f"unix:{directory}/web_{number}.sock" for number in range(1, workers + 1)]
        supervisord = stack.enter_context(process(BIN / "supervisord", "-n", "-c", conf))
        master = stack.enter_context(_recipe_nginx(directory, port, servers))
        restart = (str(BIN / "supervisorctl"), "-c", str(conf), "restart", "aiohttp:*")
        yield Peer((port,), (supervisord,), master, answers(port, app, began), conf, restart)


def _recipe_nginx(directory: Path, port: int, servers: Sequence[str]) -> AbstractContextManager[int]:
    headers = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    upstream = "".join(f"server {server} fail_timeout=0; " for server in servers)
    location = f"{headers} proxy_redirect off; proxy_buffering off;"
    return nginx(directory, nginx_conf(directory, port, upstream, location, "auto"))


@contextmanager
def pm2(workers: int, app: App = BENCH) -> Iterator[Peer]:
    """PM2 in fork mode (https://pm2.keymetrics.io), a port for each process, behind the nginx of aiohttp's recipe."""
    with sandbox() as directory, ExitStack() as stack:
        port, ports, began = free_port(), [free_port() for _ in range(workers)], time.monotonic()
        shared = {"script": sys.executable, "interpreter": "none", "cwd": str(ROOT)}
        apps = [{"name": f"web{at}", "args": ["-m", RECIPE, app.module, f"--port={at}"], **shared} for at in ports]
        ecosystem = directory / "ecosystem.json"
        ecosystem.write_text(json.dumps({"apps": apps}))
        home = f"PM2_HOME={directory}"
        daemon = stack.enter_context(process("env", home, PM2, "start", ecosystem, "--no-daemon"))
        stack.callback(partial(subprocess.run, ["env", home, PM2, "kill"], stdout=subprocess.DEVNULL, check=True))
        master = stack.enter_context(_recipe_nginx(directory, port, [f"127.0.0.1:{at}" for at in ports]))
        restart = ("env", home, str(PM2), "reload", "all")
        yield Peer((port,), (daemon,), master, answers(port, app, began), None, restart)


@contextmanager
def uvicorn(workers: int) -> Iterator[Peer]:
    """Uvicorn alone, with an application that has no framework."""
    port, began = free_port(), time.monotonic()
    options = ("--workers", workers, "--port", port, "--no-access-log", "--log-level", "warning")
    with process(BIN / "uvicorn", "scripts.benchmark.asgi:app", *options) as parent:
        yield Peer((port,), (parent,), 0, answers(port, BENCH, began))


@contextmanager
def granian(workers: int) -> Iterator[Peer]:
    """Granian alone, with an application that has no framework."""
    port, began = free_port(), time.monotonic()
    options = ("--interface", "asgi", "--workers", workers, "--port", port, "--no-log")
    with process(BIN / "granian", *options, "scripts.benchmark.asgi:app") as parent:
        yield Peer((port,), (parent,), 0, answers(port, BENCH, began))


Start = Callable[[int], AbstractContextManager[Peer]]
PEERS: dict[str, Start] = {
    "fleet": fleet,
    "fleet-direct": direct,
    "fleet-front": partial(fleet, in_front=True),
    "gunicorn-ours": gunicorn_ours,
    "gunicorn": gunicorn,
    "recipe": recipe,
    "uvicorn": uvicorn,
    "granian": granian,
}


@contextmanager
def _gunicorn(workers: int, app: App, socket: Path, *options: str) -> Iterator[int]:
    shared = ("-w", workers, "-k", WORKER, "-b", f"unix:{socket}", "-m", "0")  # umask 0, so that nginx may connect
    with process(BIN / "gunicorn", f"{app.module}:create_app", *shared, *options) as pid:
        yield pid
