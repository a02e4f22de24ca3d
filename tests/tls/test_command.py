"""Tests of ``fleet tls``: with a real ACME server where there is one, with a self-made certificate everywhere."""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp_fleet_drill.tally import Failure

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.tls import certbot
from aiohttp_fleet.tls.certificate import served_certificate
from aiohttp_fleet.tls.command import install
from tests.acme import Acme, needs_acme, self_made
from tests.http import Client
from tests.load import answered_more, load
from tests.place import free_port, sandbox
from tests.site import BIN, Site, edit, started

Make = Callable[..., Site]
NAME = "site.example.test"
DAY = 86400
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="not installed: openssl")
shared = pytest.mark.xdist_group("tls")
"""One fleet for all tests that can share it, see `fleet`."""


@pytest.fixture(scope="module")
def fleet() -> Iterator[tuple[Site, int]]:
    """Start a fleet, and choose its port for https."""
    with sandbox() as directory:
        made = Site(directory).with_workers(1)
        with started(made):
            yield made, free_port()


@pytest.fixture
def secure(fleet: tuple[Site, int]) -> tuple[Site, int]:
    """Make it serve https again, whatever the test before did."""
    secured(*fleet)
    return fleet


@pytest.fixture
def acme(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Acme]]:
    """Start an ACME server that asks a port for its challenges; certbot trusts it."""
    servers: list[Acme] = []

    def start(http_port: int, **keywords: int) -> Acme:
        directory = place / f"acme{len(servers)}"
        directory.mkdir()
        servers.append(Acme(directory, http_port, **keywords))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(servers[-1].trust))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def use(made: Site, name: str = NAME, life: tuple[int, int] = (-1, 30)) -> None:
    """Put a self-made certificate where certbot would put its own."""
    live = TlsFiles(made.nginx_conf.parent).certificate.parent
    live.mkdir(parents=True, exist_ok=True)
    certificate, key = self_made(live, name, life)
    certificate.rename(live / "fullchain.pem")
    key.rename(live / "privkey.pem")


def secured(made: Site, port: int, hsts: bool = False) -> None:
    """Serve https with a self-made certificate."""
    use(made)
    install(made.described, (NAME,), port, hsts)


def context(*protocols: str) -> ssl.SSLContext:
    """Return a client's settings that trust any certificate."""
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


def ask(port: int, secure: bool, path: str = "/", host: str = NAME) -> tuple[int, dict[str, str], bytes]:
    """GET a path, by http or https."""
    with Client(port, context() if secure else None) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        return client.answer()


def snapshot(made: Site) -> dict[Path, bytes]:
    """Return all that nginx reads, the certificate included."""
    places = TlsFiles(made.nginx_conf.parent)
    files = [*places.tls.parent.rglob("*.conf"), *places.certbot.glob("live/*/*"), *places.certbot.glob("archive/*/*")]
    return {file: file.read_bytes() for file in files if file.is_file()}


@needs_openssl
@pytest.mark.parametrize("packaged", [False, True], ids=["system", "packaged"])
def test_https_with_http2_next_to_http(site: Make, packaged: bool) -> None:
    """Under both ways in which nginx takes HTTP/2, without a warning, and after a restart of nginx as well."""
    made, port = site(packaged=packaged).with_workers(1).start(), free_port()
    secured(made, port)
    made.ctl("restart", "nginx")
    assert made.fleet("status", "--wait", "20").returncode == 0
    assert ask(port, secure=True)[0] == 200
    for offered, chosen in ((("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1")):
        with socket.create_connection(("127.0.0.1", port)) as plain, context(*offered).wrap_socket(plain) as sock:
            assert sock.selected_alpn_protocol() == chosen
    assert "[warn]" not in (made.nginx_conf.parent / "run" / "nginx.log").read_text()


@shared
@needs_openssl
def test_http_goes_to_https_but_for_the_challenge_and_for_other_names(secure: tuple[Site, int]) -> None:
    """The path, the query and the method stay; an ACME server is answered by http, the machine's address as before."""
    made, port = secure
    status, headers, _ = ask(made.port, secure=False, path="/a?b=c", host=f"{NAME}:{made.port}")
    assert (status, headers["location"]) == (308, f"https://{NAME}:{port}/a?b=c")
    assert ask(made.port, secure=False, path="/a?b=c")[1]["location"] == f"https://{NAME}/a?b=c"
    assert ask(made.port, secure=False, host=f"127.0.0.1:{made.port}")[0] == 200
    challenge = made.nginx_conf.parent / "tls" / "acme" / ".well-known" / "acme-challenge"
    challenge.mkdir(parents=True)
    (challenge / "token").write_text("proof")
    status, headers, body = ask(made.port, secure=False, path="/.well-known/acme-challenge/token")
    assert (status, headers["content-type"], body) == (200, "text/plain", b"proof")
    assert ask(made.port, secure=False, path="/.well-known/acme-challenge/none")[0] == 404


@shared
@needs_openssl
def test_the_application_learns_that_it_was_https(secure: tuple[Site, int]) -> None:
    """By the same headers, and so in its own URL."""
    made, port = secure
    seen = ask(port, secure=True, path="/headers")[2]
    assert b'"X-Forwarded-Proto": "https"' in seen
    assert b'"url": "https://' in seen


@shared
@needs_openssl
def test_hsts_only_when_chosen_and_only_by_https(secure: tuple[Site, int]) -> None:
    """Browsers could not go back for two years."""
    made, port = secure
    assert "strict-transport-security" not in ask(port, secure=True)[1]
    secured(made, port, hsts=True)
    assert ask(port, secure=True)[1]["strict-transport-security"] == "max-age=63072000"
    assert "strict-transport-security" not in ask(made.port, secure=False, host="127.0.0.1")[1]
    assert "strict-transport-security" not in ask(made.port, secure=False)[1]


@shared
@needs_openssl
def test_tls_1_1_is_refused(secure: tuple[Site, int]) -> None:
    """1.2 and 1.3 are spoken."""
    made, port = secure
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        settings = context()
        settings.minimum_version = settings.maximum_version = version
        with Client(port, settings) as client:
            assert client.get()[0] == 200
    old = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(old, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "alert protocol version" in done.stderr


@shared
@needs_openssl
def test_gixy_finds_nothing_in_what_is_written(secure: tuple[Site, int]) -> None:
    """All of it, as nginx reads it."""
    made, port = secure
    secured(made, port, hsts=True)
    done = subprocess.run([BIN / "gixy", made.nginx_conf], capture_output=True, text=True)
    assert (done.returncode, "No issues found" in done.stdout) == (0, True), done.stdout


@shared
@needs_openssl
def test_what_nginx_refuses_is_undone(secure: tuple[Site, int]) -> None:
    """A key that does not fit: every file is as it was, and nginx as well."""
    made, port = secure
    use(made, "other.example.test")
    (TlsFiles(made.nginx_conf.parent).certificate.parent / "privkey.pem").write_text("no key")
    before, master = snapshot(made), made.pid("nginx")
    with pytest.raises(FleetError, match="nginx refuses it"):
        install(made.described, ("other.example.test",), port, True)
    assert (snapshot(made), made.pid("nginx")) == (before, master)
    assert served_certificate(("127.0.0.1", port)).names == (NAME,)


@shared
@needs_openssl
def test_check_fails_when_a_certificate_is_about_to_expire(secure: tuple[Site, int]) -> None:
    """In one line, with exit code 1, for a monitor; one that has expired is read as well."""
    made, port = secure
    for life, code, words in (
        ((-1, 30), 0, "is valid until"),
        ((-80, 10), 1, "10 days; fleet tls --renew"),
        ((-80, -1), 1, f"the certificate for {NAME} expired "),
    ):
        use(made, life=life)
        install(made.described, (NAME,), port, False)
        done = made.fleet("tls", "--check")
        said = done.stdout + done.stderr
        assert (done.returncode, said.count("\n"), words in said) == (code, 1, True), said


def test_no_domain_or_a_wrong_one_is_a_usage_error(site: Make) -> None:
    """One line, exit code 2, before the ACME server is asked."""
    made = site()
    for arguments in ([], ["--renew", "--check"], ["example.org", "--renew"], ["example.org", "*.example.org"]):
        done = made.fleet("tls", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_without_certbot_the_error_has_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """In no directory that is searched."""
    monkeypatch.setattr(certbot, "ELSEWHERE", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FleetError, match="certbot: it is not installed; apt-get install certbot"):
        certbot.find_certbot()


@shared
@needs_openssl
def test_check_reports_the_certificate_as_json(secure: tuple[Site, int]) -> None:
    """Its names and dates, also when it is about to expire."""
    made, port = secure
    use(made, life=(-80, 10))
    install(made.described, (NAME,), port, False)
    done = made.fleet("tls", "--check", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["ok"], said["certificate"]["names"]) == (1, "", False, [NAME])
    assert said["certificate"]["expires"] - said["certificate"]["begins"] == 90 * DAY
    assert [finding["level"] for finding in said["findings"]] == ["fail"]
    assert said["error"]["next_step"].startswith("fleet tls --renew")


def test_without_https_the_error_has_the_command_that_adds_it(site: Make) -> None:
    """--check and --renew."""
    made = site()
    for option in ("--check", "--renew"):
        done = made.fleet("tls", option)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "this fleet has no https; fleet tls DOMAIN" in done.stderr


@shared
@needs_acme
def test_what_could_not_work_is_found_before_the_acme_server_is_asked(fleet: tuple[Site, int]) -> None:
    """A port that is taken, one that is http's, and an nginx.conf from before."""
    made, _ = fleet
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for number, reason in ((port, "Address already in use"), (made.port, "nginx listens there for http")):
            done = made.fleet("tls", NAME, "--port", str(number), "--server", "https://127.0.0.1:9/dir")
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
            assert reason in done.stderr
    text = made.nginx_conf.read_text()
    edit(made.nginx_conf, {r"include kit/server.*\n": "\n"})
    try:
        assert "there is no line 'include kit/server.conf;'" in made.fleet("tls", NAME).stderr
    finally:
        made.nginx_conf.write_text(text)


@needs_acme
def test_a_certificate_is_obtained_and_a_refusal_changes_nothing(site: Make, acme: Callable[..., Acme]) -> None:
    """From an ACME server that really asks, and says why it refuses; or that is not there."""
    made, port = site().with_workers(1).start(), free_port()
    server = acme(made.port)
    where = ["--server", server.url, "--http-port", str(made.port), "--port", str(port)]
    done = made.fleet("tls", NAME, "www.example.test", *where, "--email", "me@example.test")
    assert done.returncode == 0, done.stdout + done.stderr + server.evidence()
    assert f"nginx: reloaded, https on port {port}\n" in done.stdout
    assert served_certificate(("127.0.0.1", port)).names == (NAME, "www.example.test")
    before, pids = snapshot(made), made.pids()
    server.elsewhere("away.example.test", "127.0.0.2")
    for name, reason in (("refused.example", "forbidden by policy"), ("away.example.test", "onnection refused")):
        done = made.fleet("tls", NAME, name, *where, "--hsts")
        *warnings, line = done.stderr.splitlines()
        assert (done.returncode, all(warning.startswith("warning: ") for warning in warnings)) == (1, True)
        assert reason in line, done.stderr
        assert (snapshot(made), made.pids()) == (before, pids)
    done = made.fleet("tls", NAME, "--server", "https://127.0.0.1:9/dir", *where[2:])
    assert (done.returncode, snapshot(made), made.pids()) == (1, before, pids)
    assert "onnection refused" in done.stderr, "not what another server said before"
    assert served_certificate(("127.0.0.1", port)).names == (NAME, "www.example.test")
    assert made.fleet("tls", NAME, *where).returncode == 0, "one name fewer"
    assert served_certificate(("127.0.0.1", port)).names == (NAME,)


@needs_acme
@pytest.mark.parametrize("older", [False, True])
def test_a_renewal_under_load_no_request_fails(site: Make, acme: Callable[..., Acme], older: bool) -> None:
    """Keep-alive https clients do not notice it; nginx shows another certificate."""
    made, port = (site().as_older() if older else site(packaged=True)).with_workers(1).start(), free_port()
    server = acme(made.port, validity=10 * DAY)

    def tls(*arguments: str) -> bytes:
        done = made.fleet("tls", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr + server.evidence()
        assert "nginx: reloaded" in done.stdout
        return served_certificate(("127.0.0.1", port)).der

    seen = {tls(NAME, "--server", server.url, "--http-port", str(made.port), "--port", str(port))}

    async def renewal() -> list[Failure]:
        async with load(port, 16, rate=500, tls=context()) as tally:
            await answered_more(tally, 300)
            seen.add(await asyncio.to_thread(tls, "--renew"))
            await answered_more(tally, 300)
        return tally.problems

    assert asyncio.run(renewal()) == []
    assert len(seen) == 2


@needs_acme
def test_nginx_is_reloaded_only_when_it_shows_another_certificate(site: Make, acme: Callable[..., Acme]) -> None:
    """Not when it was not time; but when it was renewed otherwise, or a reload has not happened."""
    made, port = site().with_workers(1).start(), free_port()
    server = acme(made.port)
    done = made.fleet("tls", NAME, "--server", server.url, "--http-port", str(made.port), "--port", str(port))
    assert done.returncode == 0, done.stdout + done.stderr + server.evidence()
    workers = Path(f"/proc/{made.pid('nginx')}/task/{made.pid('nginx')}/children")
    before = workers.read_text()
    done = made.fleet("tls", "--renew")
    assert (done.returncode, done.stdout.count("\n"), workers.read_text()) == (0, 1, before), "five years are left"
    for file in TlsFiles(made.nginx_conf.parent).certificate.parent.glob("*.pem"):
        file.unlink()
    use(made)
    done = made.fleet("tls", "--check")
    assert (done.returncode, "nginx shows another certificate; fleet tls --renew" in done.stderr) == (1, True)
    made.fleet("tls", "--renew")  # certbot is confused by what we did to its files; nginx is reloaded all the same
    assert served_certificate(("127.0.0.1", port)).der == TlsFiles(made.nginx_conf.parent).leaf()
