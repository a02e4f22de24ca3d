"""Tests of aiohttp_fleet/nginx/system_nginx.py."""

import os
import subprocess
from pathlib import Path

import pytest

from aiohttp_fleet.nginx.system_nginx import sees
from tests.place import ROOT
from tests.wait import until

UNSHARED = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && touch "$0/mounted" && exec cat', "/tmp"]


def test_everybody_sees_the_same_directory(place: Path) -> None:
    """Also one that is still to be made."""
    assert sees(os.getpid(), place / "s")


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_a_process_with_a_tmp_of_its_own_does_not(place: Path) -> None:
    """As nginx under systemd's PrivateTmp=true."""
    with subprocess.Popen(UNSHARED, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        mounted = Path(f"/proc/{process.pid}/root/tmp/mounted")
        until("a /tmp of its own", lambda: mounted.exists() or process.poll() is not None)
        if process.poll() is not None:
            pytest.skip("this machine lets no one mount")
        assert not sees(process.pid, place)
        assert sees(process.pid, Path("/usr"))
        process.communicate()
