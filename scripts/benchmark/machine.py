"""Figures are written with the machine that they are from: as JSON and as a page."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from aiohttp_fleet.nginx.binary import running_nginx

PACKAGES = ("aiohttp", "uvloop", "supervisor", "gunicorn", "uvicorn", "granian")


def machine() -> dict[str, str]:
    """Return the processor, the kernel, and the version of everything."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return {
        "processor": f"{os.cpu_count()} x {cpu.partition(': ')[2] or platform.machine()}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "nginx": running_nginx(Path("deploy/nginx.conf")).version(),
        **{name: version(name) for name in PACKAGES},
    }


def write_figures(
    directory: Path, name: str, how: str, figures: Mapping[str, object], page: Callable[[str], str]
) -> None:
    """Write NAME.json and NAME.md.

    Args:
        directory: where to.
        name: of the files.
        how: the command.
        figures: what is in the JSON.
        page: returns the page; it gets the sentence that says how and where the figures were made.
    """
    directory.mkdir(parents=True, exist_ok=True)
    at = machine()
    text = json.dumps({"how": how, "machine": at, **figures}, indent=2)
    (directory / f"{name}.json").write_text(text + "\n")
    written = f"Written by `{how}`; on {', '.join(f'{name} {value}' for name, value in at.items())}.\n"
    (directory / f"{name}.md").write_text(page(written))
