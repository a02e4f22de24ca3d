"""Tests of static.conf: whatever nginx answers from a static route is what aiohttp would have answered."""

import gzip
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from aiohttp_fleet.nginx.binary import find_nginx, packaged_nginx
from tests.place import sandbox
from tests.site import Site

FILES = 'his "files" in \\'
"""Their directory, with what nginx has to have in quotes."""
CHANGED = 1_700_000_000
"""When the files were changed: a whole second, which both give as it is."""
TAG = f"{CHANGED:x}-7530"
"""nginx's ETag of big.txt, without its quotes; aiohttp's has nanoseconds."""
IMMATERIAL = {
    "date",
    "server",
    "connection",
    "etag",  # seconds or nanoseconds; each is valid, and judged by who gave it
    "accept-ranges",  # nginx leaves it out of a 206, where Content-Range says as much
}
"""Headers in which nginx may differ."""
UNLIKE = {412: {"content-type", "content-length"}, 416: {"content-type", "content-length", "transfer-encoding"}}
"""And those of an error, whose page nginx writes itself; aiohttp's has no body."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: its code.
        headers: names in lower case.
        body: whatever came after them, until the connection was closed.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def by_nginx(self) -> bool:
        """Whether nginx has made it: a worker's ETag has 16 digits before its dash."""
        return len(self.headers.get("etag", "").partition("-")[0]) == len('"6553f100')


def ask(address: Path | int, request: bytes) -> Answer:
    """Send a request as it is, on a connection of its own."""
    unix = isinstance(address, Path)
    with closing(socket.socket(socket.AF_UNIX if unix else socket.AF_INET)) as sock:
        sock.settimeout(20)
        sock.connect(str(address) if unix else ("127.0.0.1", address))
        sock.sendall(request)
        head, _, body = b"".join(iter(lambda: sock.recv(65536), b"")).partition(b"\r\n\r\n")
    lines = head.decode("latin1").splitlines()
    pairs = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines[1:])]
    assert len(dict(pairs)) == len(pairs), f"a header is there twice: {head!r}"
    return Answer(int(lines[0].split()[1]), dict(pairs), body)


def request(target: str, *headers: str, method: str = "GET") -> bytes:
    """Write a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: shop.example", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin1")


def same(site: Site, asked: bytes) -> Answer:
    """Ask nginx and a worker; return nginx's answer, which is the worker's in all that matters."""
    ours, theirs = ask(site.port, asked), ask(site.place / "web_1.sock", asked)
    assert ours.status == theirs.status
    ignored = IMMATERIAL | UNLIKE.get(ours.status, set())
    kept = [{name: value for name, value in a.headers.items() if name not in ignored} for a in (ours, theirs)]
    assert kept[0] == kept[1]
    assert ours.status in UNLIKE or ours.body == theirs.body
    return ours


def files(root: Path) -> Path:
    """Make a directory with a file of each kind, and a secret beside it."""
    static = root / "static"
    (static / "dir").mkdir(parents=True)
    contents = {
        "big.txt": b"0123456789" * 3000, "huge.bin": bytes(range(256)) * 400, "empty.css": b"", "no-ending": b"n",
        "page.html": b"p", "x.Z": b"Z", "x.z": b"z", "x.tar.gz": b"t", "x.tgz": b"t", "X.JPG": b"j", ".hidden": b"h",
        "ü b.txt": b"u", "a+b@c,d=e(f)!.txt": b"+",
        "a*b:c&d~e-f_g.h.txt": b"*", "a;b.txt": b";", "a#b.txt": b"#", "a%41.txt": b"%",
        "dir/in.js": b"i",
        "both.js": b"plain", "both.js.gz": gzip.compress(b"g"), "both.js.br": b"b", "one.svg": b"plain",
        "one.svg.gz": gzip.compress(b"one"), "only.json.gz": gzip.compress(b"only"), "dir.gz": b"not the directory",
        "unreadable.txt": b"no", "../secret.txt": b"secret", "lgz.js": b"plain", "other.gz": b"other",
    }  # fmt: skip
    for name, content in contents.items():
        (static / name).write_bytes(content)
        os.utime(static / name, (CHANGED, CHANGED))
    (static / "unreadable.txt").chmod(0)
    links = {"inside.txt": "big.txt", "outside.txt": "../secret.txt", "ldir": "dir", "loop.txt": "loop.txt"}
    for name, target in {**links, "lgz.js.gz": "other.gz"}.items():
        (static / name).symlink_to(target)
    return static


@pytest.fixture(
    scope="module", params=dict.fromkeys([find_nginx(), packaged_nginx()]), ids=lambda binary: binary.version()
)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Start a site with static.conf, under the oldest and the newest nginx."""
    with sandbox() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATIC", str(place / FILES))
        files(place / FILES)
        made = Site(place, "tests.apps.static:create_app", packaged=request.param.packaged)
        try:
            done = made.fleet("render", "--write")
            assert done.returncode == 0, done.stdout + done.stderr
            yield made.start()
        finally:
            made.stop()


BY_NGINX = [
    *("/static/big.txt", "/static/huge.bin", "/static/empty.css", "/static/no-ending", "/static/page.html"),
    *("/static/x.z", "/static/x.tar.gz", "/static/x.tgz", "/static/dir/in.js", "/static/big.txt?v=1&w=%20#"[:-1]),
    *(
        "/static/%C3%BC%20b.txt",
        "/static/a+b@c,d=e(f)!.txt",
        "/static/a*b:c&d~e-f_g.h.txt",
        "/static/both.js",
        "/linked/big.txt",
        "/static/lgz.js",
    ),
    *("/a-b.c+d~1/big.txt", "/sub/inner/files/big.txt", "/sub/inner/files/dir/in.js"),
]


@pytest.mark.parametrize("target", BY_NGINX)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_comes_from_nginx(site: Site, target: str, method: str) -> None:
    """With aiohttp's own headers, the type of each ending among them."""
    answer = same(site, request(target, method=method))
    assert (answer.status, answer.by_nginx) == (200, True)


BY_WORKER = [
    *("/static", "/static/", "/static/dir", "/static/dir/", "/static/missing.txt"),
    *("/static/big.txt/", "/static/big.txt/x"),
    *("/linked", "/linked/dir", "/staticfoo", "/STATIC/big.txt", "/nothing", "/sub/inner/x", "/a-bxc+d~1/big.txt"),
    *("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/%2E%2E/secret.txt", "/static/..%2Fsecret.txt"),
    *("/static/dir/../../secret.txt", "/static/dir/..%2f..%2fsecret.txt", "/static/..%5Csecret.txt"),
    *("/static/..\\secret.txt",),
    *("/static//big.txt", "//static/big.txt", "/static/dir//in.js", "/static/dir%2Fin.js", "/static/./big.txt"),
    *("/x/../static/big.txt", "/static/%62ig.txt", "/%73tatic/big.txt", "/static/a;b.txt", "/static/a%3Bb.txt"),
    *("/static/a%23b.txt", "/static/a%2541.txt", "/static/a%41.txt", "/static/x.Z", "/static/X.JPG", "/static/.hidden"),
    *("/static/%c3%bc%20b.txt", "/static/%FC%20b.txt", "/static/big.txt?a#b", "/static/big.txt%3Fv=1"),
    *("/static/inside.txt", "/static/outside.txt", "/static/ldir/in.js", "/static/ldir", "/static/loop.txt"),
    *("/linked/inside.txt", "/linked/outside.txt", "/linked/ldir/in.js", "/static/unreadable.txt", "/linked/loop.txt"),
    *("/shadowed/a.txt", "/shadowed/big.txt", f"/{quote('späce d')}/big.txt", f"/static/{'x' * 300}"),
]  # fmt: skip


@pytest.mark.parametrize("target", BY_WORKER)
def test_whatever_else_is_asked_comes_from_a_worker(site: Site, target: str) -> None:
    """Missing, directories, links, and all that two programs could read in two ways: as it was sent."""
    assert not same(site, request(target)).by_nginx
    assert not same(site, request(target, "Accept-Encoding: gzip")).by_nginx


@pytest.mark.parametrize("target", ["/static/big.txt%00", "/static/big.txt%00.html", "/static/\xfc.txt"])
def test_what_nobody_takes_stays_without_an_answer(site: Site, target: str) -> None:
    """nginx refuses NUL wherever it is; bytes that are no URL aiohttp refuses."""
    assert ask(site.port, request(target)).status in (400, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_other_methods_are_for_a_worker(site: Site, method: str) -> None:
    """With their body, and with a client that waits for 100 Continue."""
    answer = same(site, request("/static/big.txt", "Content-Length: 4", method=method) + b"ping")
    assert (answer.status, answer.by_nginx) == (405, False)


def test_a_client_that_waits_before_its_body_is_told_to_go_on(site: Site) -> None:
    """An error page of nginx would have left both waiting."""
    asked = request("/static/big.txt", "Content-Length: 4", "Expect: 100-continue", method="POST")
    with closing(socket.create_connection(("127.0.0.1", site.port), 20)) as sock:
        sock.sendall(asked)
        assert sock.recv(25).startswith(b"HTTP/1.1 100")


@pytest.mark.parametrize(
    ("wanted", "status", "by_nginx"),
    [
        *(("0-4", 206, True), ("29995-", 206, True), ("-5", 206, True), ("-99999", 206, True), ("0-99999", 206, True)),
        *(("0-", 206, True), ("0-0,2-2", 416, False), ("-0", 206, False), ("five", 416, False), (" 0-4", 416, False)),
        *(("99999-", 416, False), ("5-3", 416, False)),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_range_is_aiohttps(site: Site, method: str, wanted: str, status: int, by_nginx: bool) -> None:
    """One range from nginx, whatever is odd from a worker."""
    answer = same(site, request("/static/big.txt", f"Range: bytes={wanted}", method=method))
    assert (answer.status, answer.by_nginx) == (status, by_nginx)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([f'If-None-Match: "{TAG}"'], 304),
        ([f'If-None-Match: "{TAG[:-1]}"'], 200),
        ([f'If-None-Match: "{TAG}"', "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"], 304),
        ([f'If-Match: "{TAG}"'], 200),
        ([f'If-Match: "{TAG[:-1]}"'], 412),
        ([f'If-Range: "{TAG}"', "Range: bytes=0-4"], 206),
        ([f'If-Range: "{TAG[:-1]}"', "Range: bytes=0-4"], 200),
    ],
)
def test_nginx_judges_the_tags_that_it_gave(site: Site, headers: list[str], status: int) -> None:
    """As RFC 9110 has it."""
    answer = ask(site.port, request("/static/big.txt", *headers))
    assert answer.status == status
    assert answer.by_nginx or status == 412
    assert ask(site.port, request("/static/big.txt")).headers["etag"] == f'"{TAG}"'


def test_a_worker_judges_the_tags_that_it_gave(site: Site) -> None:
    """So nobody fetches anything twice when static.conf comes or goes."""
    tag = ask(site.place / "web_1.sock", request("/static/big.txt")).headers["etag"]
    found = {
        f"If-None-Match: {tag}": 304, f"If-None-Match: W/{tag}": 304, f'If-None-Match: "x", {tag}': 304,
        "If-None-Match: *": 304, 'If-None-Match: "x"': 200, f"If-Match: {tag}": 200, 'If-Match: "x"': 412,
    }  # fmt: skip
    for header, status in found.items():
        answer = same(site, request("/static/big.txt", header))
        assert (answer.status, answer.by_nginx) == (status, False)


@pytest.mark.parametrize(
    ("headers", "status", "by_nginx"),
    [
        (["If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"], 304, True),
        (["If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT"], 304, True),
        (["If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT"], 200, True),
        (["If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT"], 304, False),
        (["If-Modified-Since: yesterday"], 200, False),
        (["If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT"], 412, False),
        (["If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT"], 200, True),
        (["If-Range: Tue, 14 Nov 2023 22:13:20 GMT", "Range: bytes=0-4"], 206, False),
        (["If-Range: Tue, 14 Nov 2023 22:13:19 GMT", "Range: bytes=0-4"], 200, False),
        (["Upgrade: h2c"], 200, False),
    ],
)
def test_dates_and_rare_headers_are_aiohttps(site: Site, headers: list[str], status: int, by_nginx: bool) -> None:
    """A date as all write it is the same to both."""
    answer = same(site, request("/static/big.txt", *headers))
    assert (answer.status, answer.by_nginx) == (status, by_nginx)


@pytest.mark.parametrize("name", ["both.js", "one.svg", "only.json", "big.txt", "lgz.js", "dir"])
@pytest.mark.parametrize("accepted", ["gzip", "br", "gzip, deflate, br, zstd", "GZip;q=0", "x-gzip", "identity", "*"])
def test_a_compressed_sibling_is_chosen_as_aiohttp_does(site: Site, name: str, accepted: str) -> None:
    """br before gzip, links never, its ranges too, and by the same plain search for the word."""
    for more in ([], ["Range: bytes=0-2"]):
        answer = same(site, request(f"/static/{name}", f"Accept-Encoding: {accepted}", *more))
        assert answer.by_nginx is (answer.status in (200, 206))
    assert not same(site, request(f"/static/{name}", f"Accept-Encoding: {accepted}", "If-None-Match: x")).by_nginx


def test_what_changes_on_disk_is_served_at_once(site: Site) -> None:
    """nginx remembers no file."""
    file = site.place / FILES / "static" / "changing.css"
    for content in (b"one", b"twoo"):
        file.write_bytes(content)
        assert ask(site.port, request("/static/changing.css")).body == content
    file.unlink()
    assert same(site, request("/static/changing.css")).status == 404


def test_a_fraction_of_a_second_is_rounded(site: Site) -> None:
    """Last-Modified is rounded down by nginx and up by aiohttp; each date leads to a 304 where it came from."""
    file = site.place / FILES / "static" / "fraction.css"
    file.write_bytes(b"x")
    os.utime(file, (CHANGED, CHANGED + 0.5))
    for address in (site.port, site.place / "web_1.sock"):
        date = ask(address, request("/static/fraction.css")).headers["last-modified"]
        assert ask(address, request("/static/fraction.css", f"If-Modified-Since: {date}")).status == 304


def test_its_log_stays_empty(site: Site) -> None:
    """What a worker answers in nginx's place is no error: none of all this is in nginx's log."""
    log = (site.nginx_conf.parent / "run" / "nginx.log").read_text()
    assert "static" not in log
