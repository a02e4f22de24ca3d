"""Tests of aiohttp_fleet/nginx/adopt.py: which nginx is an orphan."""

import subprocess
import sys
from collections.abc import Callable

from aiohttp_fleet_drill.sandbox import end

from tests.site import BIN, Site

Make = Callable[..., Site]
KEEPER = """
import ctypes, subprocess, sys
supervisord, fleet, conf = sys.argv[2:]
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
status = [fleet, "--config", conf, "status", "--wait", "30"]
first = subprocess.Popen([supervisord, "-n", "-c", conf], stdout=subprocess.DEVNULL)
if subprocess.run(status).returncode:
    sys.exit("the first supervisord is not ready")
first.kill()
first.wait()
second = subprocess.Popen([supervisord, "-n", "-c", conf], stdout=subprocess.DEVNULL)
code = subprocess.run(status).returncode
second.terminate()
second.wait(60)
sys.exit(code)
"""
"""What an entry point of a container does, and like it a parent of orphans with "supervisord" in its command line."""


def test_an_nginx_is_adopted_whatever_its_new_parent_is_called(site: Make) -> None:
    """The parent at its birth decides, not a word in the command line of the one it has now."""
    made = site().with_workers(1)
    try:
        command = [sys.executable, "-c", KEEPER, "supervisord", str(BIN / "supervisord"), str(BIN / "fleet")]
        done = subprocess.run([*command, made.supervisord_conf], capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stdout + done.stderr + made.evidence()
        assert "left by a supervisord that died: adopted" in made.evidence()
    finally:
        end(made.place)
