"""Tests of deploy/kit/cache-*.conf: what nginx keeps is what the application has said it may, and never more."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.http import Client
from tests.place import sandbox
from tests.site import Site, edit, started
from tests.wait import until

pytestmark = pytest.mark.xdist_group("cache")  # one fleet for all of them
APP = "tests.apps.kept:create_app"
FRESH = "Cache-Control=max-age%3D60"


def cached(made: Site) -> Site:
    """Take the # away."""
    edit(made.nginx_conf, {r"# include kit/cache": "include kit/cache"})
    return made


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Start a fleet that keeps answers, and say where it listens."""
    with sandbox() as directory:
        made = cached(Site(directory, APP))
        with started(made):
            yield made.port


def ask(
    port: int, path: str, *lines: str, method: str = "GET", host: str = "a.test"
) -> tuple[int, dict[str, str], bytes]:
    """Ask on a connection of its own."""
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *lines, "", ""]
    with Client(port) as client:
        client.send("\r\n".join(head).encode())
        return client.answer()


def test_a_fresh_answer_is_asked_for_once(port: int) -> None:
    """Any process that asks; status and the application's headers are kept with it."""
    first = ask(port, f"/once?{FRESH}&X-Own=1&status=404")
    second = ask(port, f"/once?{FRESH}&X-Own=1&status=404")
    assert first[0] == second[0] == 404
    assert first[2] == second[2]
    assert second[1]["x-own"] == "1"
    assert second[1]["cache-control"] == "max-age=60"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "Cache-Control=no-store",
        "Cache-Control=no-cache",
        "Cache-Control=private,max-age%3D60",
        "Cache-Control=max-age%3D0",
        "Cache-Control=max-age%3D60,must-revalidate",
        "Cache-Control=max-age%3D60,proxy-revalidate",
        f"{FRESH}&Set-Cookie=a%3Db",
        f"{FRESH}&Vary=*",
        "Last-Modified=Thu,%2001%20Jan%202015%2000:00:00%20GMT&ETag=%22a%22",
    ],
)
def test_what_the_application_does_not_allow_is_not_kept(port: int, query: str) -> None:
    """Nothing is, of which it does not say how long; and no cookie is ever given to someone else."""
    assert ask(port, f"/not?{query}")[2] != ask(port, f"/not?{query}")[2]


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Basic YTpi",
        "Range: bytes=0-3",
        'If-None-Match: "a"',
        "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT",
        'If-Range: "a"',
        'If-Match: "a"',
        "Content-Length: 0",
        "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT",
    ],
)
def test_some_requests_are_the_applications_alone(port: int, line: str) -> None:
    """They are not answered from what is kept, and their answers are not kept for others."""
    path = f"/alone-{line.split(':')[0]}?{FRESH}&ETag=%22a%22"
    first = ask(port, path, line)
    kept = ask(port, path)
    again = ask(port, path, line)
    assert len({first[2], kept[2], again[2]}) == 3
    assert first[0] == again[0] == 200
    assert ask(port, path)[2] == kept[2]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_never_kept(port: int, method: str) -> None:
    """Whatever their answers say."""
    path = f"/method?{FRESH}"
    assert (
        ask(port, path, "Content-Length: 0", method=method)[2] != ask(port, path, "Content-Length: 0", method=method)[2]
    )


def test_a_head_is_asked_as_a_head(port: int) -> None:
    """A handler may answer it otherwise; the length is that of its own answer."""
    get = ask(port, f"/head?{FRESH}")
    with Client(port) as client:
        client.send(f"HEAD /head?{FRESH} HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
        client.send(b"GET /end HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
        with client._sock.makefile("rb") as file:
            text = file.read().decode()
    assert re.findall(r"Content-Length: (\d+)", text)[0] == str(len(get[2]) + len("HEAD") - len("GET"))


def test_vary_is_obeyed(port: int) -> None:
    """Each kind of client has its own answer."""
    path = f"/vary?{FRESH}&Vary=X-Kind"
    red, blue = ask(port, path, "X-Kind: red"), ask(port, path, "X-Kind: blue")
    assert (red[2][-3:], blue[2][-4:]) == (b"red", b"blue")
    assert ask(port, path, "X-Kind: red")[2] == red[2]
    assert ask(port, path, "X-Kind: blue")[2] == blue[2]


def test_hosts_do_not_share(port: int) -> None:
    """The application may build URLs from it."""
    assert ask(port, f"/host?{FRESH}", host="a.test")[2] != ask(port, f"/host?{FRESH}", host="b.test")[2]


def test_an_answer_is_asked_for_again_when_its_time_is_over(port: int) -> None:
    """Not a second longer because someone asked in between."""
    path = "/over?Cache-Control=max-age%3D1"
    first = ask(port, path)[2]
    until("another answer", lambda: ask(port, path)[2] != first)


def test_an_old_answer_is_better_than_an_error(site: Callable[..., Site]) -> None:
    """While no worker can be asked; what must not be stale, or never was kept, is 502 then."""
    made = cached(site(APP).with_workers(1)).start()
    old, strict = "/old?Cache-Control=max-age%3D1", "/strict?Cache-Control=max-age%3D1,must-revalidate"
    text = ask(made.port, old)[2]
    ask(made.port, strict)
    made.ctl("stop", "watchdog", "standby", "aiohttp:*")
    until("its time to be over", lambda: ask(made.port, strict)[0] == 502)
    for _ in range(3):
        status, _, body = ask(made.port, old)
        assert (status, body.split()[1]) == (200, b"GET")
    assert text.split()[1] == b"GET"
    made.ctl("start", "aiohttp:*")
    until("a new answer", lambda: ask(made.port, old)[2] != text)


def test_what_the_application_says_is_never_replaced(port: int) -> None:
    """Not by an old answer either, when it says that it is not available."""
    path = "/maintenance?Cache-Control=max-age%3D1&status=503"
    assert ask(port, path)[0] == 503
    good = "/later?Cache-Control=max-age%3D1&unavailable"
    assert {ask(port, good)[0] for _ in range(8)} == {200}
    until("what it says now", lambda: ask(port, good)[0] == 503)


def test_nothing_is_kept_unless_it_is_asked_for(site: Callable[..., Site]) -> None:
    """The file is there, and not included."""
    made = site(APP).with_workers(1).start()
    assert ask(made.port, f"/once?{FRESH}")[2] != ask(made.port, f"/once?{FRESH}")[2]
    assert not (made.nginx_conf.parent / "run" / "cache").exists()
