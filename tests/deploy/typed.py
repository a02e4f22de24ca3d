"""A page of docs/, typed as it stands: its own files, its own commands, and its own output."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet_drill.sandbox import end

from tests.place import PROJECT, USER, free_port
from tests.site import BIN, shorten_waits
from tests.wait import until

ELSEWHERE = ("python3 -m venv", "pip install", "gunicorn ")
"""What has been done here already, or belongs to another system."""
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        command: as it is typed.
        output: the lines that are printed below it.
    """

    command: str
    output: tuple[str, ...]


@dataclass(frozen=True)
class File:
    """A file of the reader's project.

    Attributes:
        name: the last one that the page has named before.
        text: what is in it.
    """

    name: str
    text: str


def steps(page: str) -> Iterator[Step | File]:
    """Yield what a page tells its reader to write and to type."""
    for found in _BLOCK.finditer(page):
        kind, block = found.groups()
        if kind == "python":
            yield File(re.findall(r"`(\w+\.py)`", page[: found.start()])[-1], block)
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            if not command.startswith(ELSEWHERE):
                yield Step(command, tuple(output))


def play(page: str, place: Path) -> None:
    """Do it in ``place``, on another port and with sockets elsewhere, so that it runs next to any fleet."""
    shop, port, text = place / "shop", str(free_port()), (PROJECT / "docs" / page).read_text()
    shop.mkdir()
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TMPDIR": str(place)}
    try:
        for step in steps(text):
            if isinstance(step, File):
                (shop / step.name).write_text(step.text)
                continue
            command = _ours(step.command, shop, port)
            pipe = subprocess.STDOUT
            done = subprocess.run(
                command, shell=True, cwd=shop, env=environ, stdout=subprocess.PIPE, stderr=pipe, text=True, timeout=90
            )
            shown = [_blotted(line, shop) for line in done.stdout.splitlines()]
            expected = [_blotted(line, shop) for line in step.output if line.strip() != "..."]
            missing = [line for line in expected if line not in shown and not line.startswith("nginx 0.0")]
            refused = any(line.startswith("fleet: ") for line in step.output)
            assert not missing and bool(done.returncode) == refused, f"{step.command}\n{done.stdout}"
            if step.command.startswith("fleet init") and not refused and "init --check" not in text:
                shorten_waits(shop / "deploy")  # which init --check would show
        until("supervisord to end", lambda: not (shop / "deploy/run/supervisord.pid").exists(), 60)
    finally:
        subprocess.run([BIN / "supervisorctl", "-c", shop / "deploy/supervisord.conf", "shutdown"], capture_output=True)
        end(place)


def _ours(command: str, shop: Path, port: str) -> str:
    """Return a command with our port, sockets and user."""
    command = command.replace("8080", port).replace("/tmp/", f"{shop}/s/").replace("/srv/shop", str(shop))
    if command.startswith("fleet init"):
        number = "" if "--check" in command else " --workers=2"  # which is taken from what is there
        command += f" --port={port} --run-dir={shop}/s --user={USER}{number}"
    if command.startswith("fleet drill"):
        command += f" --user={USER} --clients=16 --rate=400"
    return command


def _blotted(line: str, shop: Path) -> str:
    """Return a line without what differs from run to run: numbers, spaces, and where it all is."""
    line = line.replace(f"{shop}/s/", "/tmp/").replace(str(shop), "/srv/shop").replace(f"{BIN}/", ".venv/bin/")
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", line)).strip()
