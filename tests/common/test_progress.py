"""Tests of aiohttp_fleet/common/progress.py, on a real terminal."""

import os
import pty
import subprocess
import sys

PROGRAM = """
from aiohttp_fleet.common.progress import Progress
with Progress(2) as progress:
    progress.begin("web1: restarting")
    progress.done("web1: ready")
    progress.begin("web2: restarting")
    progress.done("web2: failed", ok=False)
"""


def test_a_terminal_shows_the_current_step() -> None:
    """The moving line is erased before one that stays, and at the end; what failed is red."""
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", PROGRAM], stdout=theirs, check=True, timeout=30)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux's way to say that no one has the other end
        os.close(ours)
    text = shown.decode().replace("\x1b[2m", "").replace("\x1b[0m", "")
    erased = [line.split("\x1b[K")[-1] for line in text.split("\r\n")]
    assert "\x1b[K[1/2] web1: restarting\r\x1b[Kweb1: ready" in text
    assert erased == ["web1: ready", "\x1b[31mweb2: failed", ""]


def test_a_pipe_gets_a_plain_line_for_each_step() -> None:
    """In a pipe or a file there is nothing that moves, and no colour."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "web1: ready\nweb2: failed\n"
