"""What the peers have in common: a process that ends with its block, nginx, and the wait for the first answer."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp_fleet.nginx.binary import running_nginx
from scripts.benchmark.workloads import App, answered

ROOT = Path(__file__).parent.parent.parent
READY = 30.0
"""Seconds until a peer must answer."""


@contextmanager
def process(*command: object) -> Iterator[int]:
    """Start a process in the checkout, silent and in a group of its own; end it with the block."""
    null = subprocess.DEVNULL
    started = subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=null, stderr=null, process_group=0)
    try:
        yield started.pid
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def nginx(prefix: Path, conf: Path) -> Iterator[int]:
    """Start an nginx."""
    options = ("-p", f"{prefix}/", "-c", conf, "-e", "stderr", "-g", "daemon off; user nobody nogroup;")
    with process(running_nginx(conf).path, *options) as pid:
        yield pid


def nginx_conf(directory: Path, port: int, servers: str, location: str, workers: int | str) -> Path:
    """Write the nginx.conf of a peer that has one of its own, as short as its documentation's.

    Args:
        directory: where to.
        port: it listens on.
        servers: directives of the upstream.
        location: directives of ``location /``, besides proxy_pass.
        workers: worker_processes.
    """
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


def answers(port: int, app: App, began: float) -> float:
    """Wait for the first right answer; return the seconds since ``began``."""
    while not answered(port, app.sample):
        assert time.monotonic() - began < READY, f"no answer on port {port} in {READY:g} s"
        time.sleep(0.01)
    return time.monotonic() - began
