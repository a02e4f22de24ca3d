"""Tests of aiohttp_fleet/worker/aiohttp_internals.py: a real worker on a copy of aiohttp with one name changed."""

import ast
import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp
import pytest

from aiohttp_fleet.worker.aiohttp_internals import missing
from tests.http import Client
from tests.place import PROJECT, USER
from tests.wait import until
from tests.worker.test_forwarded import FORWARDED, client_of
from tests.worker_process import WORK, WorkerProcess

Start = Callable[..., WorkerProcess]
Edits = Mapping[str, tuple[str, str]]
WAITER: Edits = {"web_protocol.py": (r"\b_waiter\b", "_next_request")}
PACKAGE = PROJECT / "aiohttp_fleet"


def edited_aiohttp(place: Path, edits: Edits) -> Path:
    """Return a directory for PYTHONPATH with a copy of aiohttp in which names are replaced."""
    source, copy = Path(aiohttp.__file__).parent, place / "library" / "aiohttp"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (pattern, replacement) in edits.items():
        text, count = re.subn(pattern, replacement, (copy / name).read_text())
        assert count, f"{name} has no {pattern}"
        (copy / name).write_text(text)
    return copy.parent


def test_the_installed_aiohttp_has_all_names() -> None:
    """A new release that drops one fails here."""
    assert asyncio.run(missing()) == []


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        (WAITER, "RequestHandler._waiter: the drain counts every connection as busy"),
        (
            {"web_server.py": (r"def connections", "def clients")},
            "Server.connections: each drain takes as long as --drain allows",
        ),
        (
            {name: ("requests_count", "served") for name in ("web_server.py", "web_protocol.py")},
            "Server.requests_count: the control socket reports no number of requests",
        ),
        (
            {"web_runner.py": (r"(async def |await self\.)shutdown\(", r"\1end(")},
            "AppRunner.shutdown: on_shutdown is sent twice",
        ),
        (
            {
                "web_request.py": ("def keep_alive", "def persistent"),
                "web_response.py": (r"request\.keep_alive", "request.persistent"),
            },
            "BaseRequest.keep_alive: the drain does not ask clients to close their connections",
        ),
        (
            {
                "web_request.py": ("def protocol", "def handler"),
                "web_ws.py": (r"request\.protocol", "request.handler"),
            },
            "BaseRequest.protocol: the drain counts websockets as requests, and does not close them",
        ),
        (
            {"web_request.py": (r"@reify(?=\s+def (remote|scheme))", "@property")},
            "cached properties remote and scheme of BaseRequest: both are those of nginx, not of the client",
        ),
        (
            {
                "web_request.py": (
                    r"\bheaders(?=: (Union.)?Loose| is not sent|\)\)\n|=headers)|(?<=headers=)headers",
                    "fields",
                )
            },
            "parameters headers, remote and scheme of BaseRequest.clone: a clone with other headers forgets",
        ),
    ],
)
def test_without_a_name_the_worker_serves_and_drains_and_says_so(
    worker: Start, place: Path, edits: Edits, sentence: str
) -> None:
    """Reduced, as its log says; an idle connection is answered in the drain all the same."""
    started = worker(WORK, "--drain=4", PYTHONPATH=str(edited_aiohttp(place, edits))).ready()
    assert f"this aiohttp ({aiohttp.__version__}) has no {sentence}" in started.log
    assert started.log.count("this aiohttp") == 1
    with Client(started.path) as client:
        assert client.get()[0] == 200
        started.signal()
        until("the path to be removed", lambda: not started.path.exists())
        assert client.get()[0] == 200
    assert started.exit_code() == 0
    assert "Traceback" not in started.log


def test_without_cached_properties_nginxs_headers_are_ignored(worker: Start, place: Path) -> None:
    """There is no place for what they say."""
    library = edited_aiohttp(place, {"web_request.py": (r"@reify(?=\s+def (remote|scheme))", "@property")})
    assert client_of(worker(PYTHONPATH=str(library)).ready().path, FORWARDED)["remote"] == ""


def test_a_preflight_prints_what_is_missing(place: Path) -> None:
    """Before the workers restart with a new aiohttp; it succeeds, because they would serve."""
    library = edited_aiohttp(place, WAITER)
    command = [sys.executable, "-m", "aiohttp_fleet.worker", WORK, "--path=/tmp/none", f"--user={USER}", "--preflight"]
    done = subprocess.run(
        command, cwd=PROJECT, env={"PYTHONPATH": str(library)}, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert "has no RequestHandler._waiter" in done.stderr


def _modules() -> list[Path]:
    """All modules of the kit but the one that may touch aiohttp's internals."""
    others = (PACKAGE / "worker" / "aiohttp_internals.py",)
    return [file for file in PACKAGE.rglob("*.py") if file not in others]


def test_only_one_module_imports_aiohttp_internals() -> None:
    """The others import aiohttp and aiohttp.web, whose names are documented."""
    for file in _modules():
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            bad = [name for name in names if name.startswith("aiohttp.") and name != "aiohttp.web"]
            assert not bad, f"{file.relative_to(PROJECT)} imports {bad[0]}"


def test_the_workers_other_modules_touch_no_private_name_and_patch_nothing() -> None:
    """A leading underscore belongs to ``self``; a class of aiohttp is assigned to in one module only."""
    for file in _modules():
        if file.parent != PACKAGE / "worker":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Attribute):
                continue
            where = f"{file.relative_to(PROJECT)}, line {node.lineno}: {ast.unparse(node)}"
            own = ast.unparse(node.value) in ("self", "os")  # os._exit is documented
            assert own or not node.attr.startswith("_") or node.attr.endswith("__"), where
            assert not (isinstance(node.ctx, ast.Store) and ast.unparse(node.value).startswith("web.")), where
