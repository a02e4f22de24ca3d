"""Sticky sessions, as docs/several-processes.md has them: a client asks the worker that answered it first."""

from collections.abc import Callable

from tests.http import Client
from tests.site import Site, edit

GET = "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n"


def _pid(made: Site, cookie: str) -> tuple[bytes, str]:
    with Client(made.port) as client:
        client.send(GET.format(f"Cookie: {cookie}\r\n" if cookie else "").encode())
        _, headers, body = client.answer()
    return body, headers.get("set-cookie", cookie).partition(";")[0]


def test_a_client_asks_the_worker_that_answered_it_first(site: Callable[..., Site]) -> None:
    """Across a rolling restart and another number of workers; the standby stays, and render keeps the line."""
    made = site("tests.apps.forking:create_app", packaged=True).with_workers(3)
    edit(made.nginx_conf, {r"least_conn;": "least_conn;\n    sticky cookie worker;"})
    made.start()
    first, cookie = _pid(made, "")
    assert {_pid(made, cookie)[0] for _ in range(12)} == {first}
    assert len({_pid(made, "")[0] for _ in range(12)}) > 1
    name = next(name for name in ("web1", "web2", "web3") if made.pid(f"aiohttp:{name}") == int(first))
    assert made.fleet("restart").returncode == 0
    assert {int(_pid(made, cookie)[0]) for _ in range(12)} == {made.pid(f"aiohttp:{name}")}
    assert made.fleet("scale", "4").returncode == 0
    assert {int(_pid(made, cookie)[0]) for _ in range(12)} == {made.pid(f"aiohttp:{name}")}
    assert made.fleet("render", "--check").returncode == 0
    made.ctl("stop", "aiohttp:*")
    assert int(_pid(made, cookie)[0]) == made.pid("standby")
