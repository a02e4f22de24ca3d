"""Real traffic through nginx, side by side with the same application under ``web.run_app``: the same answer."""

import asyncio
import gzip
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.place import PROJECT, free_port, sandbox
from tests.site import Site, edit
from tests.wait import until

pytestmark = pytest.mark.xdist_group("traffic")  # one fleet for all of them
APP = "tests.apps.traffic:create_app"
BARE = (
    "import sys; from aiohttp import web; from tests.apps.traffic import create_app;"
    "web.run_app(create_app(), host='127.0.0.1', port=int(sys.argv[1]), print=None, handler_cancellation=True)"
)
COMPARED = ("content-type", "content-range", "content-encoding", "accept-ranges", "etag", "last-modified", "location")
"""Headers that the application decides."""
UPLOAD = 300 * 1024 * 1024
"""Bytes, 20 times what a worker that kept them could hide in its memory."""
ZIPPED = gzip.compress(b"squeezed" * 100)
HEAD = ("Host: shop.example", "Connection: close")


@dataclass(frozen=True)
class Served:
    """The same application twice.

    Attributes:
        nginx: port of nginx in front of one worker.
        bare: port of web.run_app.
    """

    nginx: int
    bare: int


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Start both."""
    with sandbox() as directory:
        port = free_port()
        bare = subprocess.Popen([sys.executable, "-c", BARE, str(port)], cwd=PROJECT, stderr=subprocess.DEVNULL)
        made = Site(directory, APP)
        edit(made.supervisord_conf, {"--drain=30": "--drain=30 --handler-cancellation"})
        edit(made.nginx_conf, {"client_max_body_size 100m": "client_max_body_size 400m"})
        try:
            made.with_workers(1).start()
            until("web.run_app", lambda: _listens(port))
            yield Served(made.port, port)
        finally:
            bare.terminate()
            bare.wait(20)
            made.stop()


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], list[str], bytes]:
    """Send a request; return status, the headers that the application decides, its cookies, and the body."""
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        sock.sendall(request)
        answer = http.client.HTTPResponse(sock, method=request.split()[0].decode())
        answer.begin()
        decided = {name: value for name in COMPARED if (value := answer.headers.get(name))}
        return answer.status, decided, answer.headers.get_all("set-cookie") or [], answer.read()


def get(path: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Write a request without a body."""
    return "\r\n".join([f"{method} {path} HTTP/{version}", *HEAD, *lines, "", ""]).encode()


def post(path: str, body: bytes, *lines: str) -> bytes:
    """Write a request with one."""
    return get(path, "Content-Type: application/octet-stream", *lines, method="POST") + body


CASES = {
    "get": (get("/echo"), 200),
    "not found": (get("/nowhere"), 404),
    "method not allowed": (get("/file", method="DELETE"), 405),
    "escaped path and query": (get("/headers?a=%2F%20b&c=%C3%BC"), 200),
    "head": (get("/file", method="HEAD"), 200),
    "head of a stream": (get("/stream", method="HEAD"), 200),
    "whole file": (get("/file"), 200),
    "range": (get("/file", "Range: bytes=5-99"), 206),
    "range at the end": (get("/file", "Range: bytes=-10"), 206),
    "range beyond the end": (get("/file", "Range: bytes=99999999-"), 416),
    "not modified": (get("/file", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"), 304),
    "gzip answer": (get("/compressed", "Accept-Encoding: gzip"), 200),
    "deflate answer": (get("/compressed", "Accept-Encoding: deflate"), 200),
    "plain answer": (get("/compressed"), 200),
    "stream": (get("/stream"), 200),
    "HTTP/1.0": (get("/echo", version="1.0"), 200),
    "HTTP/1.0 stream": (get("/stream", version="1.0"), 200),
    "post": (post("/echo", b"ping", "Content-Length: 4"), 200),
    "chunked post": (post("/echo", b"4\r\nping\r\n4\r\npong\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), 200),
    "gzip post": (post("/echo", ZIPPED, f"Content-Length: {len(ZIPPED)}", "Content-Encoding: gzip"), 200),
    "expect": (post("/echo", b"ping", "Content-Length: 4", "Expect: 100-continue"), 200),
    "too large for read()": (post("/echo", b"x" * 2**21, f"Content-Length: {2**21}"), 413),
    "cookie of 8,100 bytes": (get("/headers", f"Cookie: c={'x' * 8100}"), 200),
    "longest header aiohttp takes": (get("/headers", f"X-Long: {'x' * 8180}"), 200),
    "longer header": (get("/headers", f"X-Long: {'x' * 9000}"), 400),
    "headers of 70 kB": (get("/headers", *(f"X-Long-{n}: {'x' * 7000}" for n in range(10))), 200),
    "longest url": (get(f"/headers?{'x' * 8000}"), 200),
    "longer url": (get(f"/headers?{'x' * 9000}"), 400),
    "answer with cookies of 12 kB": (get("/cookies?n=3"), 200),
    "answer with cookies of 24 kB": (get("/cookies?n=6"), 200),
}


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_that_of_the_bare_application(served: Served, name: str) -> None:
    """Status, headers, cookies and body."""
    request, status = CASES[name]
    behind, bare = exchange(served.nginx, request), exchange(served.bare, request)
    assert bare[0] == status
    compared = {400: 1, 413: 3}.get(status)  # the body of a 413 says how much of the request had been read
    assert behind[:compared] == bare[:compared]


@pytest.mark.parametrize("kind", ["text/event-stream", "application/x-ndjson"])
def test_a_stream_arrives_as_it_is_written(served: Served, kind: str) -> None:
    """The next event is only written once the one before has arrived; the answer has no header of nginx's."""
    for port in (served.nginx, served.bare):
        with socket.create_connection(("127.0.0.1", port), 20) as sock:
            sock.sendall(get(f"/events?type={kind}"))
            answer = http.client.HTTPResponse(sock)
            answer.begin()
            assert answer.headers.get("x-accel-buffering") is None
            for number in (1, 2):
                assert answer.read1(100) == b"data: %d\n\n" % number
                assert exchange(port, get("/release"))[3] == b"released"
            assert answer.read() == b"data: 3\n\n"


@pytest.mark.parametrize("path", ["/endless", "/silent"])
def test_a_client_that_leaves_is_noticed(served: Served, path: str) -> None:
    """A stream fails at its next write; with --handler-cancellation a handler that waits is cancelled."""
    for port in (served.nginx, served.bare):
        with socket.create_connection(("127.0.0.1", port), 20) as sock:
            sock.sendall(get(path))
            if path == "/endless":
                assert sock.recv(100)
        assert exchange(port, get("/gone"))[3] == b"gone"


def test_websockets_carry_large_messages_pings_and_close_codes(served: Served) -> None:
    """Text and bytes of 3 MB, within aiohttp's own limit of 4 MiB."""

    async def talk(port: int) -> list[object]:
        url = f"http://127.0.0.1:{port}/ws"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=("chat",), max_msg_size=0) as ws,
        ):
            await ws.ping(b"there?")
            await ws.send_str("x" * 3_000_000)
            text = len(await ws.receive_str())
            await ws.send_bytes(b"x" * 3_000_000)
            data = len(await ws.receive_bytes())
            await ws.close(code=4001)
            return [ws.protocol, text, data, ws.close_code]

    assert asyncio.run(talk(served.nginx)) == asyncio.run(talk(served.bare))


def test_a_large_upload_takes_no_memory(served: Served) -> None:
    """300 MB, chunked, counted by the handler as they come."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(UPLOAD // 2**20):
            yield b"x" * 2**20

    async def upload() -> dict[str, int]:
        url = f"http://127.0.0.1:{served.nginx}/count"
        async with aiohttp.ClientSession() as session, session.post(url, data=parts()) as answer:
            return dict(json.loads(await answer.text()))

    done = asyncio.run(upload())
    assert done["size"] == UPLOAD
    assert done["peak"] < 150_000
