"""What the figures depend on."""

import os
import platform
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
