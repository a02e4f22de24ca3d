"""docs/tutorial.md, typed as it stands: its own commands, and its own output."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.drill.place import end
from tests.place import PROJECT, USER, free_port
from tests.site import BIN
from tests.wait import until

TUTORIAL = (PROJECT / "docs" / "tutorial.md").read_text()
INSTALLED = ("python3 -m venv", "pip install")
"""What has been done here already."""


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        command: as it is typed.
        output: the lines that are printed below it.
    """

    command: str
    output: tuple[str, ...]


def _steps() -> Iterator[Step]:
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.splitlines()
            if not command.startswith(INSTALLED):
                yield Step(command, tuple(output))


def _blotted(line: str, shop: Path) -> str:
    """Return a line without what differs from run to run: numbers, spaces, and where it all is."""
    line = line.replace(f"{shop}/s/", "/tmp/").replace(str(shop), "/srv/shop").replace(f"{BIN}/", ".venv/bin/")
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", line)).strip()


def test_the_tutorial_does_what_it_shows(place: Path) -> None:
    """On another port and with sockets elsewhere, so that it runs beside any fleet."""
    shop, port = place / "shop", str(free_port())
    shop.mkdir()
    source = re.search(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)
    assert source
    (shop / "shop.py").write_text(source[1])
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TMPDIR": str(place)}
    mine = f"fleet init --port={port} --run-dir={shop}/s --workers=2 --user={USER}"
    again = f"fleet init --port={port} --run-dir={shop}/s --user={USER} --check"
    try:
        for step in _steps():
            command = {"fleet init": mine, "fleet init --check": again}.get(step.command, step.command)
            command = command.replace("8080", port).replace("drill restart-all", f"drill restart-all --user={USER}")
            pipe = subprocess.STDOUT
            done = subprocess.run(
                command, shell=True, cwd=shop, env=environ, stdout=subprocess.PIPE, stderr=pipe, text=True, timeout=90
            )
            shown = [_blotted(line, shop) for line in done.stdout.splitlines()]
            expected = [_blotted(line, shop) for line in step.output if line.strip() != "..."]
            missing = [line for line in expected if line not in shown and not line.startswith("nginx 0.0")]
            assert not missing, f"{step.command}\n{done.stdout}"
        until("supervisord to end", lambda: not (shop / "deploy/run/supervisord.pid").exists(), 60)
    finally:
        subprocess.run([BIN / "supervisorctl", "-c", shop / "deploy/supervisord.conf", "shutdown"], capture_output=True)
        end(place)
