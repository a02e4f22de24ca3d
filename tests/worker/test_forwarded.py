"""Tests of aiohttp_fleet/worker/forwarded.py: the client that the application sees."""

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
FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


def client_of(address: Path | int, headers: Mapping[str, str], path: str = "/client") -> dict[str, Any]:
    """Return the client of a request as the application sees it."""
    lines = [f"GET {path} HTTP/1.1", "Host: shop.example", *(f"{name}: {value}" for name, value in headers.items())]
    with Client(address) as client:
        client.send("\r\n".join([*lines, "", ""]).encode())
        seen: dict[str, Any] = json.loads(client.answer()[2])
    return seen


def test_over_a_unix_socket_the_headers_of_nginx_are_used(worker: Start) -> None:
    """In all that aiohttp derives from them, and in the access log; clone() overrides them."""
    process = worker(WORK, "--access-log").ready()
    seen = client_of(process.path, FORWARDED)
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
def test_without_usable_headers_the_client_is_that_of_aiohttp(
    worker: Start, headers: Mapping[str, str], remote: str, scheme: str
) -> None:
    """No header, a list of addresses, and an unknown scheme."""
    seen = client_of(worker().ready().path, headers)
    assert (seen["remote"], seen["scheme"]) == (remote, scheme)


def test_over_tcp_the_headers_are_ignored(worker: Start) -> None:
    """Any client can connect to a port, and write them itself."""
    port = free_port()
    worker(WORK, f"--port={port}").ready()
    seen = client_of(port, FORWARDED)
    assert (seen["remote"], seen["scheme"], seen["secure"]) == ("127.0.0.1", "http", False)
