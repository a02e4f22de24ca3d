"""What the applications talk to: an HTTP server, an OpenTelemetry collector, Redis, and Postgres where it is installed.

The HTTP server answers every request with ``{}``, and ``/seen/PATH`` with the number of requests for that path.
"""

import collections
import contextlib
import os
import pwd
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fakeredis
import grpc

SEEN = collections.Counter[str]()
USER = "nobody"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@contextlib.contextmanager
def peers(place: Path) -> Iterator[Mapping[str, str]]:
    """Run them, and give the environment variables that name them."""
    with contextlib.ExitStack() as stack:
        variables = {"PEER": f"http://127.0.0.1:{stack.enter_context(_http())}"}
        variables["COLLECTOR"] = f"http://127.0.0.1:{stack.enter_context(_collector())}"
        variables["REDIS"] = f"redis://127.0.0.1:{stack.enter_context(_redis())}"
        for programs in sorted(Path("/usr/lib/postgresql").glob("*/bin"))[:1]:
            variables["POSTGRES"] = (
                f"postgresql://{USER}@/postgres?host={stack.enter_context(_postgres(programs, place))}"
            )
        yield variables


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, and count."""
        path = self.path.partition("?")[0]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = str(SEEN[path.removeprefix("/seen")]) if path.startswith("/seen/") else "{}"
        SEEN[path] += 1
        self.send_response(200)
        for name, value in {"Content-Type": "application/json", "X-Elastic-Product": "Elasticsearch"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_PUT = do_HEAD = do_GET

    def log_message(self, format: str, *_: object) -> None:
        """Be silent."""


@contextlib.contextmanager
def _http() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextlib.contextmanager
def _collector() -> Iterator[int]:
    def export(request: bytes, context: object) -> bytes:
        SEEN[EXPORT] += 1
        return b""  # an empty message

    methods = {"Export": grpc.unary_unary_rpc_method_handler(export)}
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(EXPORT.split("/")[1], methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None)


@contextlib.contextmanager
def _redis() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    server = fakeredis.TcpFakeServer(("127.0.0.1", port))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield port
    server.shutdown()


@contextlib.contextmanager
def _postgres(programs: Path, place: Path) -> Iterator[Path]:
    def start(*command: object) -> subprocess.Popen[bytes]:  # root may not run it
        null = subprocess.DEVNULL
        return subprocess.Popen(list(map(str, command)), cwd=place, stdout=null, stderr=null, user=USER)

    data = place / "data"
    data.mkdir()
    os.chown(data, pwd.getpwnam(USER).pw_uid, -1)
    start(programs / "initdb", "-D", data, "-A", "trust", "-U", USER).wait()
    with start(programs / "postgres", "-D", data, "-k", place, "-c", "listen_addresses=") as server:
        while not list(place.glob(".s.PGSQL.*[0-9]")):
            time.sleep(0.1)
        yield place
        server.terminate()
