"""Run certbot as a program."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.tls.certbot_arguments import refusal

TIMEOUT = 300.0
"""Seconds for an ACME server to decide; Let's Encrypt takes about ten."""
ELSEWHERE = ("/usr/local/bin", "/usr/bin", "/snap/bin")
"""Directories of certbot that cron's PATH does not have."""


def find() -> str:
    """Return the path of certbot.

    Raises:
        FleetError: it is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *ELSEWHERE])
    if found := shutil.which("certbot", path=path):
        return found
    raise FleetError("certbot", "it is not installed", "apt-get install certbot")


def run(places: TlsFiles, arguments: Sequence[str]) -> None:
    """Run certbot to its end.

    Raises:
        FleetError: it failed, with its own reason or the ACME server's.
    """
    command = [find(), *arguments]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FleetError("certbot", f"not done after {TIMEOUT:g} s", f"see {places.log}") from None
    except OSError as error:
        raise FleetError(command[0], f"cannot be run ({error.strerror})", "apt-get install certbot") from None
    if done.returncode != 0:
        step = f"the site is as it was; fix it, then retry; details are in {places.log}"
        raise FleetError("certbot", refusal(done.stdout, read_existing(places.log) or ""), step)
