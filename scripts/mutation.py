"""scripts/mutate: break one promise after the other on a private copy of the tree, and check that a test fails."""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet_drill.sandbox import sandbox

ROOT = Path(__file__).parent.parent
TABLE = Path(__file__).with_suffix(".toml")
TESTS_FAILED = 1
"""Exit code of pytest: https://docs.pytest.org/en/stable/reference/exit-codes.html"""


@dataclass(frozen=True)
class Mutation:
    """A row of the table.

    Attributes:
        breaks: the promise that is broken.
        file: the file that is changed.
        old: text that is in it exactly once.
        new: what replaces it.
        tests: pytest's arguments for the tests of which one must fail.
    """

    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, root: Path) -> str:
        """Change the file under ``root``; return why it cannot be changed, empty when it was."""
        file = root / self.file
        text = file.read_text() if file.exists() else ""
        if text.count(self.old) != 1:
            return f"{self.file} has the old text {text.count(self.old)} times"
        file.write_text(text.replace(self.old, self.new))
        return ""


def table() -> list[Mutation]:
    """Return all rows."""
    return [Mutation(**row | {"tests": tuple(row["tests"])}) for row in tomllib.loads(TABLE.read_text())["mutation"]]


def main(argv: Sequence[str]) -> int:
    """Run the rows whose promise contains one of the given texts; without any, all."""
    parser = argparse.ArgumentParser("scripts/mutate", description=__doc__)
    parser.add_argument("texts", nargs="*", help="only rows whose promise contains one of these texts")
    parser.add_argument("--jobs", type=int, default=2, help="mutations at a time (default 2)")
    options = parser.parse_args(argv)
    rows = [row for row in table() if not options.texts or any(text in row.breaks for text in options.texts)]
    with _copy() as root:
        code, output = _pytest(root, sorted({test for row in rows for test in row.tests}), options.jobs)
    if code:
        print(f"{output}\nscripts/mutate: these tests must pass before anything is broken", file=sys.stderr)
        return 1
    unnoticed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for row, verdict in zip(rows, pool.map(_verdict, rows), strict=True):
            print(f"{verdict or 'noticed':<12}{row.breaks}", flush=True)
            unnoticed += bool(verdict)
    return 1 if unnoticed else 0


def _verdict(row: Mutation) -> str:
    """Return what is wrong with a row; empty when a test has failed, as it must."""
    with _copy() as root:
        if reason := row.apply(root):
            return f"NOT APPLIED: {reason}: "
        code, output = _pytest(root, ("-x", *row.tests))
    if code == TESTS_FAILED:
        return ""
    return f"TESTS DID NOT RUN: {output}: " if code else "NOT NOTICED"


def _pytest(root: Path, tests: Sequence[str], jobs: int = 0) -> tuple[int, str]:
    """Run pytest in a copy, with its own code: PYTHONPATH precedes what is installed. Return exit code and output."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "--no-header", f"-n{jobs}", *tests]
    environ = {**os.environ, "PYTHONPATH": f"{root}:{root / 'drill'}"}
    pipe = subprocess.PIPE
    done = subprocess.run(command, cwd=root, env=environ, stdout=pipe, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


@contextmanager
def _copy() -> Iterator[Path]:
    """Copy what git would have of the working tree."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    with sandbox() as root:
        for name in filter(None, names):
            if (ROOT / name).exists():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name, follow_symlinks=False)
        yield root


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
