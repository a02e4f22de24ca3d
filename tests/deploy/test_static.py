"""Tests of static.conf: a file of a static route is the same from nginx and from a worker, all else is a worker's."""

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
from tests.site import Site, started

pytestmark = pytest.mark.xdist_group("static")  # one fleet for each nginx
FILES = 'his "files" in \\'
"""Their directory, with characters that nginx has to have in quotes."""
CHANGED = 1_700_000_000
"""When the files were changed: a whole second, which both give as it is."""
SAME = ("content-type", "content-length", "last-modified", "content-range")
"""Headers in which nginx and aiohttp agree."""


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


def both(site: Site, asked: bytes) -> tuple[Answer, Answer]:
    """Ask nginx and a worker; whatever came, its status and its body are the same."""
    ours, theirs = ask(site.port, asked), ask(site.place / "web_1.sock", asked)
    assert ours.status == theirs.status
    return ours, theirs


def files(root: Path) -> Path:
    """Make a directory with a file of each kind, and a secret next to it."""
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
        made = Site(place, "tests.apps.static:create_app", packaged=request.param.packaged).with_workers(1)
        with started(made):
            for arguments in (("static", "--write"), ("reload",)):
                done = made.fleet(*arguments)
                assert done.returncode == 0, done.stdout + done.stderr
            yield made


BY_NGINX = [
    *("/static/big.txt", "/static/huge.bin", "/static/empty.css", "/static/no-ending", "/static/page.html"),
    *("/static/x.tar.gz", "/static/x.tgz", "/static/dir/in.js", "/static/big.txt?v=1&w=%20", "/static/X.JPG"),
    *("/static/%C3%BC%20b.txt", "/static/a+b@c,d=e(f)!.txt", "/static/a*b:c&d~e-f_g.h.txt", "/static/both.js"),
    *("/static/%62ig.txt", "/static/a%23b.txt", "/static/a%2541.txt", "/static/.hidden", "/static/a;b.txt"),
    *("/linked/big.txt", "/a-b.c+d~1/big.txt", "/sub/inner/files/big.txt", "/sub/inner/files/dir/in.js"),
]


@pytest.mark.parametrize("target", BY_NGINX)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_comes_from_nginx(site: Site, target: str, method: str) -> None:
    """With aiohttp's content type, length and date."""
    ours, theirs = both(site, request(target, method=method))
    assert (ours.status, ours.by_nginx, ours.body) == (200, True, theirs.body)
    assert [ours.headers.get(name) for name in SAME] == [theirs.headers.get(name) for name in SAME]


BY_WORKER = [
    *("/static", "/static/", "/static/dir", "/static/dir/", "/static/missing.txt", "/static/big.txt/x"),
    *("/linked", "/linked/dir", "/staticfoo", "/STATIC/big.txt", "/nothing", "/sub/inner/x", "/a-bxc+d~1/big.txt"),
    *("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/..%2Fsecret.txt", "/static/dir/../../secret.txt"),
    *("/static/dir/..%2f..%2fsecret.txt", "/static/..%5Csecret.txt", "/static/..\\secret.txt"),
    *("/static/inside.txt", "/static/outside.txt", "/static/ldir/in.js", "/static/ldir", "/static/loop.txt"),
    *("/linked/inside.txt", "/linked/outside.txt", "/linked/ldir/in.js", "/static/unreadable.txt", "/linked/loop.txt"),
    *("/shadowed/a.txt", "/shadowed/big.txt", f"/{quote('späce d')}/big.txt", f"/static/{'x' * 300}"),
]  # fmt: skip


@pytest.mark.parametrize("target", BY_WORKER)
def test_whatever_is_no_plain_file_comes_from_a_worker(site: Site, target: str) -> None:
    """Missing, directories, links, what may not be read, and other routes; nothing outside the directory is served."""
    ours, theirs = both(site, request(target))
    assert (ours.by_nginx, ours.body) == (False, theirs.body)
    assert ours.body != b"secret" or target.startswith("/linked")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_a_workers(site: Site, method: str) -> None:
    """With their body."""
    ours, _ = both(site, request("/static/big.txt", "Content-Length: 4", method=method) + b"ping")
    assert (ours.status, ours.by_nginx) == (405, False)


@pytest.mark.parametrize(("wanted", "status"), [("0-4", 206), ("29995-", 206), ("-5", 206), ("99999-", 416)])
def test_a_range_is_what_aiohttp_gives(site: Site, wanted: str, status: int) -> None:
    """One range, or none that can be had."""
    ours, theirs = both(site, request("/static/big.txt", f"Range: bytes={wanted}"))
    assert ours.status == status
    assert status == 416 or ours.body == theirs.body


def test_what_a_client_has_is_not_sent_again(site: Site) -> None:
    """nginx knows its own ETag and its date; the ETag of a worker costs a whole answer, never a wrong one."""
    ours, theirs = both(site, request("/static/big.txt"))
    for header in (f"If-None-Match: {ours.headers['etag']}", f"If-Modified-Since: {theirs.headers['last-modified']}"):
        assert ask(site.port, request("/static/big.txt", header)).status == 304
    again = ask(site.port, request("/static/big.txt", f"If-None-Match: {theirs.headers['etag']}"))
    assert (again.status, again.body) == (200, ours.body)


def test_a_compressed_file_is_sent_to_who_accepts_it(site: Site) -> None:
    """Where nginx can (gzip_static); a client that accepts nothing gets the plain file."""
    plain = ask(site.port, request("/static/one.svg"))
    assert (plain.body, plain.headers.get("content-encoding")) == (b"plain", None)
    answer = ask(site.port, request("/static/one.svg", "Accept-Encoding: gzip"))
    if "gzip_static on;" in (site.nginx_conf.parent / "static.conf").read_text():
        assert (gzip.decompress(answer.body), answer.headers["vary"]) == (b"one", "Accept-Encoding")
    else:
        assert answer.body == b"plain"


def test_what_changes_on_disk_is_served_at_once(site: Site) -> None:
    """nginx caches no file."""
    file = site.place / FILES / "static" / "changing.css"
    for content in (b"one", b"twoo"):
        file.write_bytes(content)
        assert ask(site.port, request("/static/changing.css")).body == content
    file.unlink()
    assert both(site, request("/static/changing.css"))[0].status == 404
