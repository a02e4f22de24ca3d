"""Tests of ``fleet help``."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.forked import run
from tests.place import PROJECT

DOCS = PROJECT / "docs"


def fleet(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``fleet help``."""
    return run("fleet", "help", *arguments)


def test_it_lists_the_pages() -> None:
    """A line for each, with its first heading."""
    lines = fleet().stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(page.stem for page in DOCS.glob("*.md"))
    tls = next(line for line in lines if line.startswith("tls "))
    assert (DOCS / "tls.md").read_text().startswith(f"# {tls.partition(' ')[2].strip()}\n")
    assert all(len(line.split()) > 1 for line in lines)


def test_it_prints_a_page_as_it_is() -> None:
    """Without a pager."""
    done = fleet("tls")
    assert (done.returncode, done.stdout) == (0, (DOCS / "tls.md").read_text())


def test_an_unknown_topic_is_a_usage_error_with_the_nearest_names() -> None:
    """Exit code 2."""
    done = fleet("restrat")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fleet: There is no page 'restrat'; similar names: restart")
    assert "fleet help lists all" in fleet("xyzzy").stderr


def test_the_wheel_has_the_pages(wheel: Path, place: Path) -> None:
    """So that they can be read where the kit is installed."""
    with ZipFile(wheel) as archive:
        for page in DOCS.glob("*.md"):
            assert archive.read(f"aiohttp_fleet/docs/{page.name}") == page.read_bytes()
        archive.extractall(place / "installed")
    code = "from aiohttp_fleet.cli import main; main()"
    command = [sys.executable, "-P", "-c", code, "help", "tls"]
    done = subprocess.run(command, env={"PYTHONPATH": str(place / "installed")}, capture_output=True, text=True)
    assert done.stdout == (DOCS / "tls.md").read_text(), done.stderr
