"""Tests of aiohttp_fleet/worker/forwarded.py: whom the application takes the client for."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.http import Client
from tests.place import free_port
from tests.wait import until
from tests.worker_process import WORK, WorkerProcess

Start = Callable[..., WorkerProcess]
TOLD = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


def ask(address: Path | int, headers: Mapping[str, str], path: str = "/client") -> dict[str, Any]:
    """Ask whom the application sees."""
    lines = [f"GET {path} HTTP/1.1", "Host: shop.example", *(f"{name}: {value}" for name, value in headers.items())]
    with Client(address) as client:
        client.send("\r\n".join([*lines, "", ""]).encode())
        seen: dict[str, Any] = json.loads(client.answer()[2])
    return seen


def test_over_a_unix_socket_the_client_is_whom_nginx_tells_of(worker: Start) -> None:
    """All that aiohttp derives from it follows; clone() overrides it as under aiohttp, and the access log has it."""
    process = worker(WORK, "--access-log").ready()
    seen = ask(process.path, TOLD)
    assert seen == {
        "remote": "198.51.100.7",
        "scheme": "https",
        "host": "shop.example",
        "url": "https://shop.example/client",
        "secure": True,
        "clone": ["192.0.2.9", "https", "clone", "https://clone/client", *(2 * ["198.51.100.7"]), "https"],
    }
    until("its line in the access log", lambda: "198.51.100.7 [" in process.log)


@pytest.mark.parametrize(
    ("headers", "remote", "scheme"),
    [
        ({}, "", "http"),
        ({"X-Forwarded-For": "6.6.6.6, 2001:db8::1"}, "2001:db8::1", "http"),
        ({"X-Forwarded-Proto": "javascript"}, "", "http"),
    ],
)
def test_what_nginx_does_not_tell_is_as_under_aiohttp(
    worker: Start, headers: Mapping[str, str], remote: str, scheme: str
) -> None:
    """No header, a list of them, and an odd scheme."""
    seen = ask(worker().ready().path, headers)
    assert (seen["remote"], seen["scheme"]) == (remote, scheme)


def test_over_tcp_nobody_is_believed(worker: Start) -> None:
    """Anybody may connect to a port, so what is written in the headers counts for nothing there."""
    port = free_port()
    worker(WORK, f"--port={port}").ready()
    seen = ask(port, TOLD)
    assert (seen["remote"], seen["scheme"], seen["secure"]) == ("127.0.0.1", "http", False)
