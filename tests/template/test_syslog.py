"""Tests that syslog(3), which keeps a socket in the C library, is each worker's own; /dev/log is the test's."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiohttp_fleet.template.messages import NOTHING, WHOLE
from tests.template.conftest import Shop
from tests.template.started_template import StartedTemplate

OWN_DEV = """#!/bin/sh
# A /dev of its own for what is run here, in a mount namespace that ends with it.
set -e
exec unshare --mount sh -ec '
mount -t tmpfs none "$0/dev"
for name in null zero random urandom; do touch "$0/dev/$name"; mount --bind "/dev/$name" "$0/dev/$name"; done
mkdir "$0/dev/shm"
mount -t tmpfs none "$0/dev/shm"
ln -s "$0/log" "$0/dev/log"
mount --move "$0/dev" /dev
exec "$@"' '{place}' '{python}' "$@"
"""
OPEN = "import os, syslog\nsyslog.openlog('shop', syslog.LOG_PID)\n"
WRITE = "def create_app():\n    syslog.syslog(f'from {os.getpid()}')\n    return web.Application()\n"


@pytest.fixture
def log(place: Path) -> Iterator[socket.socket]:
    """Listen on what /dev/log is a link to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(place / "log"))
        listening.settimeout(20)
        yield listening


def _in_own_dev(template: StartedTemplate) -> StartedTemplate:
    """Let a template see the test's /dev/log; skip the test where that is not allowed."""
    (template.place / "dev").mkdir()
    script = template.place / "python"
    script.write_text(OWN_DEV.replace("{place}", str(template.place)).replace("{python}", sys.executable))
    script.chmod(0o755)
    if os.geteuid() != 0 or subprocess.run([script, "-c", ""], capture_output=True).returncode:
        pytest.skip("only root can have a mount namespace of its own here")
    template.python = str(script)
    return template


def _senders(log: socket.socket, number: int) -> list[str]:
    """Return who has sent the next messages; each names its sender."""
    found = [re.fullmatch(rb"<14>.* shop\[(\d+)\]: from (\d+)", log.recv(1024)) for _ in range(number)]
    assert all(each and each[1] == each[2] for each in found)
    return [each[1].decode() for each in found if each]


def test_a_worker_writes_to_the_log_that_the_import_has_opened(shop: Shop, log: socket.socket) -> None:
    """With its name and options, and each worker's own number; nothing of it is in the worker's output."""
    template = _in_own_dev(shop(OPEN + WRITE))
    assert template.start().shares == WHOLE
    outputs = [template.fork() for _ in range(2)]
    assert len({*_senders(log, 3)}) == 3  # the trial of the build, and two workers
    assert "from" not in "".join(outputs)


def test_a_log_that_the_import_has_written_to_is_not_shared(shop: Shop, log: socket.socket) -> None:
    """It is a socket; each worker imports the application, and has one of its own."""
    template = _in_own_dev(shop(f"{OPEN}syslog.syslog(f'from {{os.getpid()}}')\n{WRITE}"))
    assert template.start().shares == NOTHING
    template.stop()
    template.start(libraries=["syslog"])
    outputs = [template.fork() for _ in range(2)]
    assert len({*_senders(log, 7)}) == 4  # one message of the first template; two of the trial, and of each worker
    assert "from" not in "".join(outputs)
