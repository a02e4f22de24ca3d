"""Tests of deploy/nginx.conf: valid as committed, and what it tells the application of a client."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aiohttp_fleet.nginx.binary import Binary, find_nginx, packaged_nginx
from tests.http import Client
from tests.place import PROJECT, USER
from tests.site import BIN, Site
from tests.worker_process import user_of

Make = Callable[..., Site]


@pytest.mark.parametrize("binary", dict.fromkeys([find_nginx(), packaged_nginx()]), ids=lambda binary: binary.version())
def test_the_committed_file_passes_nginx_t_without_a_warning(binary: Binary, place: Path, site: Make) -> None:
    """Under the oldest and the newest nginx of the two, as any client that runs the tests."""
    made = site()
    command = [str(binary.path), "-t", "-e", "stderr", "-p", str(made.nginx_conf.parent), "-c", "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "syntax is ok" not in line and "successful" not in line] == []


def test_gixy_finds_nothing() -> None:
    """The linter of nginx configurations has no complaint."""
    done = subprocess.run([BIN / "gixy", PROJECT / "deploy" / "nginx.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout


def test_what_a_client_claims_of_itself_is_replaced(site: Make) -> None:
    """Forwarding headers are nginx's own; the host keeps its port, so that URLs are right."""
    made = site().with_workers(1).start()
    forged = ["X-Forwarded-For: 1.2.3.4", "X-Real-IP: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"]
    forged += ["Forwarded: for=1.2.3.4", "X-Forwarded-Prefix: /evil", "X-Forwarded-Port: 443"]
    lines = ["GET /headers HTTP/1.1", f"Host: 127.0.0.1:{made.port}", *forged, "", ""]
    with Client(made.port) as client:
        client.send("\r\n".join(lines).encode())
        seen = json.loads(client.answer()[2])
    assert seen["url"] == f"http://127.0.0.1:{made.port}/headers"
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert headers["host"] == f"127.0.0.1:{made.port}"
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    unsent = {"forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "connection", "upgrade"}
    assert not unsent & set(headers)


@pytest.mark.skipif(os.geteuid() != 0 or USER == "root", reason="only root can become someone else")
def test_under_root_neither_workers_nor_nginx_workers_are_root(site: Make) -> None:
    """Only supervisord and nginx's master are."""
    made = site().with_workers(2).start()
    workers = ["aiohttp:web1", "aiohttp:web2", "standby"]
    assert {user_of(made.pid(worker)) for worker in workers} == {"nobody"}
    master = made.pid("nginx")
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert children
    assert {user_of(int(child)) for child in children} == {"nobody"}
