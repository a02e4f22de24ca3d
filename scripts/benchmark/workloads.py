"""The requests, the right responses, and the applications that give them."""

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass

from scripts.benchmark import app


@dataclass(frozen=True)
class Workload:
    """One kind of request, repeated on keep-alive connections.

    Attributes:
        name: of the workload.
        path: the path.
        body: bytes that are sent; 0 for a GET.
        expected: the body of the right response.
        connections: how many at once, one measurement each.
    """

    name: str
    path: str
    body: int
    expected: bytes
    connections: tuple[int, ...] = (8, 64, 512)


HELLO = Workload("hello", "/", 0, app.HELLO)
WORKLOADS = (
    HELLO,
    Workload("json 2 kB", "/json", 0, json.dumps(app.DOCUMENT).encode()),
    Workload("echo 10 kB", "/echo", 10_240, b"x" * 10_240),
    Workload("page 30 kB", "/page", 0, app.PAGE),
    Workload("upload 10 MB", "/echo", 10 * 2**20, str(10 * 2**20).encode(), (8,)),
)
CACHEABLE = Workload("cacheable", "/cacheable", 0, app.CACHEABLE, (64,))
STATIC = Workload("static 100 kB", f"/static/{app.FILE}", 0, app.FILED, (64,))


@dataclass(frozen=True)
class App:
    """An application.

    Attributes:
        module: its module, with ``create_app``.
        sample: one of its requests.
    """

    module: str
    sample: Workload


BENCH = App(app.__name__, HELLO)
"""The one with all workloads."""


def app_of(name: str) -> App:
    """Prepare the application that is a module of scripts/benchmark/apps/, and return it."""
    module = f"scripts.benchmark.apps.{name}"
    program = f"import sys; from {module} import prepare; sys.stdout.buffer.write(prepare())"
    # In another process: memory of libraries that this one has mapped too would be divided by one more.
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    return App(module, Workload(name, "/", 0, done.stdout))


def answered(port: int, workload: Workload) -> bool:
    """Send one request; return whether the response is right to the last byte."""
    return asked(port, workload.path, workload.body) == workload.expected


def asked(port: int, path: str, body: int = 0) -> bytes | None:
    """Send one request, a POST of so many bytes or a GET; return the body of a response with status 200, else None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST" if body else "GET", path, b"x" * body or None)
        answer = connection.getresponse()
        return answer.read() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
