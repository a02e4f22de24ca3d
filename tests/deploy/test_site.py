"""Fleets behind an nginx that the system runs: no [program:nginx], a site next to other people's."""

import asyncio
import http.client
import json
import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp_fleet_drill.sandbox import end
from aiohttp_fleet_drill.tally import Failure

from aiohttp_fleet.nginx.binary import find_nginx, packaged_nginx
from tests.acme import MISSING, Acme
from tests.forked import run
from tests.http import get
from tests.load import answered_more, load
from tests.place import PROJECT, USER, free_port
from tests.site import BIN, edit, shorten_waits
from tests.system_nginx import GROUP, SystemNginx
from tests.wait import until

CLIENTS = 32
CHECK = ("fleet", "render", "--check")


class Shop:
    """A project whose fleet has no nginx of its own.

    Args:
        root: its directory.
        nginx: the system's.
        port: that its site listens on.
        domain: its name.

    Attributes:
        root: its directory.
        port: that its site listens on.
        domain: its name.
    """

    def __init__(self, root: Path, nginx: SystemNginx, port: int, domain: str) -> None:
        self.root, self.port, self.domain = root, port, domain
        root.mkdir()
        (root / "shop.py").write_text("from aiohttp_fleet_drill.app import create_app as create_app\n")
        options = [f"--port={port}", f"--domain={domain}", f"--run-dir={root}/s", "--workers=2", f"--user={USER}"]
        self.run("fleet", "init", "--site", f"--group={GROUP}", *options, "shop:create_app")
        shorten_waits(root / "deploy")
        nginx.enable(root.name, root / "deploy" / "site.conf")
        nginx.reload()
        self.ctl = ("supervisorctl", "-c", "deploy/supervisord.conf")
        self.run("supervisord", "-c", "deploy/supervisord.conf")
        self.run("fleet", "status", "--wait", "30")

    def run(self, name: str, *arguments: str) -> str:
        """Run a command in it, which must not fail."""
        done = self.done(name, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def done(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in it."""
        if name == "supervisord":
            command = [str(BIN / name), *arguments]
            return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=90)
        return run(name, *arguments, cwd=self.root, timeout=90)

    def whoami(self) -> str:
        """Return the directory of the worker that answers to the site's name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/", headers={"Host": self.domain})
        pid = json.loads(connection.getresponse().read())["pid"]
        connection.close()
        return str(Path(f"/proc/{pid}/cwd").readlink())

    def stop(self) -> None:
        """End it."""
        self.done(*self.ctl, "shutdown")
        until("supervisord to end", lambda: not (self.root / "deploy/run/supervisord.pid").exists(), 60)


SYSTEM = pytest.mark.skipif(find_nginx().packaged, reason="no nginx on this machine but the packaged one")
BOTH = pytest.mark.parametrize(
    "nginx",
    [pytest.param(find_nginx, id="system", marks=SYSTEM), pytest.param(packaged_nginx, id="packaged")],
    indirect=True,
)


@pytest.fixture
def nginx(place: Path, request: pytest.FixtureRequest) -> Iterator[SystemNginx]:
    """Start a system's nginx with another site in it."""
    made = SystemNginx(place / "etc", getattr(request, "param", find_nginx)())
    try:
        yield made
    finally:
        made.stop()
        end(place)


@BOTH
def test_two_fleets_share_an_nginx_with_a_stranger(place: Path, nginx: SystemNginx) -> None:
    """One port, three names: each answers for itself; restarts, more workers and a reload lose nothing under load."""
    port = free_port()
    shops = [Shop(place / name, nginx, port, f"{name}.example") for name in ("a", "b")]
    try:
        for shop in shops:
            assert shop.whoami() == str(shop.root)
        assert get(nginx.port) == b"another's"

        async def restarted() -> list[Failure]:
            async with load(port, CLIENTS, rate=500) as tally:
                restarts = ((*shops[0].ctl, "restart", "aiohttp:*"), ("fleet", "restart"))
                for command in (*restarts, ("fleet", "scale", "3"), ("fleet", "reload")):
                    await answered_more(tally, 500)
                    await asyncio.to_thread(shops[0].run, *command)
                await answered_more(tally, 500)
            return tally.problems

        assert asyncio.run(restarted()) == []
        assert "warn" not in nginx.log() and "emerg" not in nginx.log(), nginx.log()
    finally:
        for shop in shops:
            shop.stop()


def _speaks_https(shop: Shop, place: Path) -> None:
    """With the commands and the lines of docs/site.md, and sends plain requests there."""
    page = (PROJECT / "docs" / "site.md").read_text()
    lines = re.search(r"```nginx\n(listen 443.*?)```", page, re.DOTALL)
    assert lines
    live, port = _certificate(shop, place, page), free_port()
    text = re.sub(r"/etc/letsencrypt/live/[^/]*", str(live), lines[1]).replace("443 ssl", f"{port} ssl")
    text = text.replace("/srv/shop", str(shop.root))
    edit(shop.root / "deploy" / "site.conf", {r"server_name a\.example;": f"server_name a.example;\n{text}"})
    assert shop.run("fleet", "reload") == "nginx: reloaded\n"
    context = ssl._create_unverified_context()
    secure = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
    with closing(secure), closing(http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20)) as plain:
        for connection in (secure, plain):
            connection.request("GET", "/", headers={"Host": shop.domain})
        assert secure.getresponse().status == 200
        assert plain.getresponse().getheader("Location") == "https://a.example/"


def _certificate(shop: Shop, place: Path, page: str) -> Path:
    """Return the directory of a certificate: certbot's, from an ACME server, by the commands of the page."""
    directory = place / "certbot"
    directory.mkdir()
    acme = Acme(directory, shop.port)
    try:
        commands = "\n".join(re.findall(r"^(?:mkdir|certbot) .*$", page, re.MULTILINE))
        commands = commands.replace("/srv/shop", str(shop.root)).replace("shop.example", shop.domain)
        commands = commands.replace('"nginx -s reload"', "true")  # the machine's own is none of ours
        own = [f"--{name}-dir={directory}/{name}" for name in ("config", "work", "logs")]
        mine = [f"--server={acme.url}", "--agree-tos", "--register-unsafely-without-email", "--non-interactive", *own]
        environ = {**os.environ, "REQUESTS_CA_BUNDLE": str(acme.trust)}
        done = subprocess.run(
            ["sh", "-ec", f"{commands} {' '.join(mine)}"], env=environ, capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stdout + done.stderr + acme.evidence()
    finally:
        acme.stop()
    return directory / "config" / "live" / shop.domain


def test_site_conf_is_the_file_that_is_edited(place: Path, nginx: SystemNginx) -> None:
    """``fleet scale`` and ``fleet reload`` change it and reload the system's nginx; ``fleet init`` refreshes kit/."""
    shop = Shop(place / "a", nginx, free_port(), "a.example")
    try:
        site = shop.root / "deploy" / "site.conf"
        assert not (site.parent / "nginx.conf").exists()
        assert "nginx: reloaded, 3 workers in its upstream" in shop.run("fleet", "scale", "3")
        assert "web_3.sock" in site.read_text()
        shop.run("fleet", "render", "--check")
        edit(site, {"# include (.*/kit/cache)": r"include \1", "client_max_body_size 100m": "client_max_body_size 5m"})
        edit(site, {"least_conn;": "least_con;"})
        assert f'unknown directive "least_con" in {site}:' in shop.done("fleet", "reload").stderr
        edit(site, {"least_con;": "least_conn;"})
        assert shop.run("fleet", "reload") == "nginx: reloaded\n"
        (site.parent / "kit" / "server.conf").write_text("# edited\n")
        assert "server.conf not of this version of aiohttp-fleet; fleet init" in shop.done(*CHECK).stderr
        done = shop.done("fleet", "init", "--group", GROUP, "shop:create_app", "--run-dir", f"{shop.root}/s")
        assert "-  server_name a.example;" in done.stdout and "server_name a.example;" in site.read_text()
        shop.run(*CHECK)
        done = shop.done("fleet", "tls", "a.example")
        assert "nginx is the system's, and so are its certificates" in done.stderr
        if not MISSING:
            _speaks_https(shop, place)
    finally:
        shop.stop()


def test_a_copy_of_the_whole_site_is_as_good(place: Path, nginx: SystemNginx) -> None:
    """For a site of an ordinary user: root's nginx reads a file that only root may write."""
    shop = Shop(place / "a", nginx, free_port(), "a.example")
    try:
        whole = shop.run("fleet", "render", "--full")
        assert not re.search(r"^\s*include", whole, re.MULTILINE)
        enabled = place / "etc" / "conf.d" / "a.conf"
        enabled.unlink()
        enabled.write_text(whole)
        nginx.reload()
        until("the copy to be served", lambda: shop.whoami() == str(shop.root))
        edit(shop.root / "deploy" / "site.conf", {"client_max_body_size 100m": "client_max_body_size 5m"})
        step = "written; reload nginx: nginx -t && nginx -s reload\n"
        assert shop.run("fleet", "reload") == f"{shop.root}/deploy/site.conf: {step}"
    finally:
        shop.stop()
