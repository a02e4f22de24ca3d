"""Our peers as another checkout of this repository has them, to compare one with the other."""

import functools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.benchmark.peers import PEERS, Peer, Start
from scripts.benchmark.started import ROOT

OURS = ("fleet", "fleet-front", "fleet-direct")
BEFORE = "before-"
"""Prefix of the name of a peer of another checkout."""
_OTHER = """
import json, sys
from scripts.benchmark.app import prepare
from scripts.benchmark.peers import PEERS
prepare()
with PEERS[sys.argv[1]](int(sys.argv[2])) as peer:
    print(json.dumps([peer.ports, peer.parents, peer.master, peer.started]), flush=True)
    sys.stdin.read()
"""
"""Run by the other checkout's interpreter, with its own code, until its stdin is closed."""


@contextmanager
def before(checkout: Path, name: str, workers: int) -> Iterator[Peer]:
    """One of our peers, as in another checkout of this repository.

    Args:
        checkout: its directory, with a .venv of its own.
        name: one of `OURS`.
        workers: how many.
    """
    command = [str(checkout / ".venv" / "bin" / "python"), "-c", _OTHER, name, str(workers)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=checkout, stdin=pipe, stdout=pipe, text=True, process_group=0) as process:
        assert process.stdout is not None  # it is a pipe
        line = process.stdout.readline()
        assert line, f"{checkout}: {name} did not start"
        ports, parents, master, started = json.loads(line)
        yield Peer(tuple(ports), tuple(parents), master, started)
        process.communicate()


def peers_of(checkout: Path | None) -> dict[str, Start]:
    """Return what starts each peer; with another checkout ours are started as those of that one, each in its .venv."""
    if checkout is None:
        return PEERS
    sides = (("", ROOT), (BEFORE, checkout))
    return PEERS | {f"{side}{name}": functools.partial(before, where, name) for side, where in sides for name in OURS}
